"""What must hold of every deployment. Each check yields what is wrong; tests/infra/test_negative.py sees each one bite.

No test framework in here: the same functions read what the compiler wrote and what a test has spoilt of it.
"""

from tests.infra.checks import app, operations, roles, security, topology
from tests.infra.checks.registry import CHECKS, Check

__all__ = ["CHECKS", "Check", "app", "operations", "roles", "security", "topology"]
