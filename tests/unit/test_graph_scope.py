"""What answers about groups and roles tell: every shape that is not clearly "no" is not taken for "no"."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from azure.core.credentials import AccessToken
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.graph.client import Answer, GraphClient, Service
from shared.graph.replies import Reply
from shared.graph.roles import RoleReader
from shared.graph.scope import scope_parts, with_scope
from shared.models import DirectoryUser, Observation
from shared.policy import Policy
from tests.builders import ALICE
from tests.fakes import own_pace

GROUP = "aaaaaaaa-0000-4000-8000-000000000000"
KIND = "@odata.type"
ORDINARY = {KIND: "#microsoft.graph.group", "id": GROUP, "securityEnabled": True, "isAssignableToRole": None}
NO_ROLES: dict[str, list[Any]] = {"roles": [], "eligibleRoles": [], "eligibleGroups": [], "memberships": []}


class NoCredential:
    """Nothing is sent here."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        raise AssertionError

    async def close(self) -> None: ...

    async def __aenter__(self) -> "NoCredential":
        return self

    async def __aexit__(self, *_: object) -> None: ...


def now() -> datetime:
    return datetime.now(UTC)


@pytest_asyncio.fixture
async def client() -> AsyncIterator[GraphClient]:
    async with GraphClient("https://graph.microsoft.com", NoCredential(), now, own_pace(now), own_pace(now)) as made:
        yield made


def read(client: GraphClient, **bodies: Any) -> Observation:
    """The observation after these bodies of good answers."""
    told: dict[str, Answer] = {name: Reply(200, {}, body) for name, body in bodies.items()}
    return with_scope(client, RoleReader(client), Observation(DirectoryUser(ALICE), (), frozenset(), None), told)


def listed(items: Sequence[Any]) -> dict[str, Any]:
    return {"value": list(items)}


def privileged(client: GraphClient, **items: list[Any]) -> bool | None:
    return read(client, **{name: listed(values) for name, values in (NO_ROLES | items).items()}).privileged


@pytest.mark.parametrize(
    ("item", "told"),
    [
        pytest.param(ORDINARY, False, id="null-for-an-ordinary-group"),
        pytest.param(ORDINARY | {"isAssignableToRole": False}, False, id="false"),
        pytest.param(ORDINARY | {"isAssignableToRole": True}, True, id="true"),
        pytest.param(ORDINARY | {"securityEnabled": False}, False, id="a-distribution-list"),
        pytest.param(ORDINARY | {"securityEnabled": None}, None, id="limited-information"),
        pytest.param({KIND: "#microsoft.graph.group", "id": GROUP}, None, id="id-only"),
        pytest.param({k: v for k, v in ORDINARY.items() if k != "isAssignableToRole"}, None, id="not-told"),
        pytest.param({KIND: "#microsoft.graph.directoryRole", "id": GROUP}, True, id="a-role"),
        pytest.param({KIND: "#microsoft.graph.administrativeUnit", "id": GROUP}, False, id="an-administrative-unit"),
        pytest.param({KIND: "#microsoft.graph.somethingNew"}, None, id="a-kind-of-tomorrow"),
        pytest.param({"id": GROUP}, None, id="no-kind"),
        pytest.param("group", None, id="no-object"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_membership(client: GraphClient, item: Any, told: bool | None) -> None:
    assert privileged(client, memberships=[ORDINARY, item]) is told
    assert privileged(client, memberships=[item, ORDINARY | {"isAssignableToRole": True}]) is True


@pytest.mark.parametrize("name", ["roles", "eligibleRoles", "eligibleGroups"])
@pytest.mark.parametrize("item", [{"roleDefinitionId": "r"}, {}, None, "r"])
def test_whatever_is_in_a_list_of_roles_is_a_role(client: GraphClient, name: str, item: Any) -> None:
    assert privileged(client, **{name: [item]}) is True


@pytest.mark.parametrize("name", NO_ROLES)
@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"value": None}, {"value": {}}, {"value": [], "@odata.nextLink": "https://x"}]
)
def test_a_malformed_or_partial_answer_is_unknown(client: GraphClient, name: str, body: Any) -> None:
    bodies = {part: listed(items) for part, items in NO_ROLES.items()} | {name: body}
    seen = read(client, **bodies)
    assert seen.privileged is None
    assert [problem.split(":")[0] for problem in seen.unreadable] == [name]
    assert read(client, groups=body).groups is None


@pytest.mark.parametrize(
    ("values", "told"),
    [
        pytest.param([], frozenset(), id="none"),
        pytest.param([GROUP.upper()], frozenset({GROUP}), id="in-capitals"),
        pytest.param([GROUP, "x"], None, id="no-id"),
        pytest.param([None], None, id="null"),
        pytest.param([{"id": GROUP}], None, id="an-object"),
    ],
)
def test_the_groups_of_an_answer(client: GraphClient, values: list[Any], told: frozenset[str] | None) -> None:
    assert read(client, groups=listed(values)).groups == told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.recursive(st.none() | st.booleans() | st.text(), lambda x: st.dictionaries(st.text(), x))))
def test_nothing_that_graph_may_send_breaks_the_reading(client: GraphClient, items: list[Any]) -> None:
    nothing = {name: listed([]) for name in NO_ROLES}
    seen = read(client, **nothing | {"groups": listed(items), "memberships": listed(items)})
    assert (seen.groups is None, seen.privileged is None) == (bool(items), bool(items))


def test_without_any_answer_about_roles_nobody_is_known_to_have_none(client: GraphClient) -> None:
    assert read(client, memberships=listed([])).privileged is None


def test_the_parts_of_a_user_whose_roles_are_read(client: GraphClient) -> None:
    policy = Policy(include_groups=frozenset(f"{n:08x}-0000-4000-8000-000000000000" for n in range(20)))
    parts = [*scope_parts(client.sdk, ALICE, policy), *RoleReader(client).parts_about(ALICE)]
    assert [part.name for part in parts] == ["groups", "memberships", "roles", "eligibleRoles", "eligibleGroups"]
    assert [part.name for part in parts if part.service is Service.ROLES] == [
        "roles",
        "eligibleRoles",
        "eligibleGroups",
    ]
    assert all(part.version == "v1.0" for part in parts)
    headers = {key.lower() for part in parts for key in part.request.headers.get_all()}
    assert "consistencylevel" not in headers
