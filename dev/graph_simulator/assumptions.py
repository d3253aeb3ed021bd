"""Everything this project believes about Microsoft Graph without Microsoft's word: what, why, and what if it is wrong.

The simulator's code that relies on one carries `[assume: <id>]`; a test keeps both sides complete. docs/assumptions.md
shows this list, and `make verify-tenant` (docs/verify-tenant.md) settles it against a real tenant.
"""

from dev.graph_simulator.assumed.assumption import UNKNOWN, Assumption
from dev.graph_simulator.assumed.batch import BATCH
from dev.graph_simulator.assumed.errors import ERRORS
from dev.graph_simulator.assumed.mfa import MFA
from dev.graph_simulator.assumed.phones import PHONES
from dev.graph_simulator.assumed.roles import ROLES
from dev.graph_simulator.assumed.subscriptions import SUBSCRIPTIONS
from dev.graph_simulator.assumed.users import USERS

__all__ = ["ASSUMPTIONS", "UNKNOWN", "Assumption"]

ASSUMPTIONS: tuple[Assumption, ...] = (*ERRORS, *USERS, *PHONES, *MFA, *ROLES, *SUBSCRIPTIONS, *BATCH)
"""All of them, grouped by subject."""
