"""The product, on floors: a file imports only from the floors below it (see pyproject.toml, importlinter)."""
