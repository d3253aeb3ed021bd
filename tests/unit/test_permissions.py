"""The permission table: what each setting calls for, and that the page for operators says the same."""

import re
from pathlib import Path
from typing import Any

import pytest

from shared.models import DefaultMethod, MfaState
from shared.permissions import ALL, needed, warning
from shared.policy import Policy

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "permissions.md").read_text()
A_GROUP = frozenset({"57aff000-0000-4000-8000-000000000001"})
BARE: dict[str, Any] = {"mfa_state": None, "exclude_privileged": False}
ALWAYS = {"User.Read.All", "UserAuthMethod-Phone.ReadWrite.All", "UserAuthenticationMethod.Read.All"}
GROUPS, ROLES = "GroupMember.Read.All", "RoleManagement.Read.Directory"
PIM_GROUPS = "PrivilegedEligibilitySchedule.Read.AzureADGroup"
STATE, BROAD = "Policy.ReadWrite.AuthenticationMethod", "UserAuthenticationMethod.ReadWrite.All"


@pytest.mark.parametrize(
    ("wanted", "more"),
    [
        pytest.param(BARE, set(), id="nothing but the phone"),
        pytest.param(BARE | {"mfa_state": MfaState.ENABLED}, {STATE}, id="the MFA state"),
        pytest.param(BARE | {"mfa_state": MfaState.ENFORCED}, {STATE}, id="the MFA state enforced"),
        pytest.param(BARE | {"default_method": DefaultMethod.SMS}, {BROAD}, id="the default method"),
        pytest.param(BARE | {"include_groups": A_GROUP}, {GROUPS}, id="include groups"),
        pytest.param(BARE | {"exclude_groups": A_GROUP}, {GROUPS}, id="exclude groups"),
        pytest.param(BARE | {"exclude_privileged": True}, {GROUPS, ROLES, PIM_GROUPS}, id="no privileged users"),
        pytest.param({}, {STATE, GROUPS, ROLES, PIM_GROUPS}, id="the default settings"),
    ],
)
def test_each_setting_calls_for_its_permission(wanted: dict[str, Any], more: set[str]) -> None:
    names = [permission.name for permission in needed(Policy(**wanted))]
    assert len(names) == len(set(names))
    assert set(names) == ALWAYS | more


@pytest.mark.parametrize("state", [None, MfaState.ENABLED])
@pytest.mark.parametrize("method", [None, DefaultMethod.SMS])
def test_only_the_way_to_take_over_a_tenant_is_warned_of(state: MfaState | None, method: DefaultMethod | None) -> None:
    text = warning(Policy(mfa_state=state, default_method=method))
    assert (text is not None) == bool(state and method)
    assert text is None or (STATE in text and BROAD in text)


def test_every_permission_is_called_for_by_some_policy() -> None:
    everything = Policy(default_method=DefaultMethod.SMS, include_groups=A_GROUP)
    assert needed(everything) == ALL


def test_ids_are_different_object_ids() -> None:
    ids = [permission.app_role_id for permission in ALL]
    assert len(set(ids)) == len(ALL)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one) for one in ids)


def test_the_page_shows_this_table_and_no_other_row() -> None:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:3] == "| `"]
    shown = [(name.strip("`"), feature, why, app_role.strip("`")) for name, feature, why, app_role in cells]
    assert shown == [(one.name, one.feature, one.why, one.app_role_id) for one in ALL]


def test_the_page_grants_what_the_default_settings_call_for() -> None:
    loop = re.search(r"for ROLE in (.*?); do", PAGE, re.DOTALL)
    assert loop
    assert set(loop[1].replace("\\", " ").split()) == {permission.name for permission in needed(Policy())}
