"""Every threat of docs/security.md has tests named after it: test_T01_…, test_T02_…."""
