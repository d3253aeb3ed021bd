"""A law: whoever follows the links to the deltaLink has seen every user that changed since."""

import dataclasses
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from dev.graph_simulator import directory
from dev.graph_simulator.delta import get_delta
from dev.graph_simulator.exchange import GraphRequest
from dev.graph_simulator.switches import Switches
from dev.graph_simulator.tenant import Tenant

EDITS = ("create", "phone", "unselected", "disable", "delete", "restore", "end", "page")
EDIT = st.tuples(st.sampled_from(EDITS), st.integers(0, 7))


class Client:
    """A client that follows links one page at a time and keeps what it was shown."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._link = "http://graph/v1.0/users/delta?$select=id,mobilePhone,accountEnabled"
        self.known: dict[str, Any] = {}

    def page(self) -> bool:
        """Read one page; whether the round has ended."""
        query = dict(parse_qsl(urlsplit(self._link).query))
        request = GraphRequest("GET", "v1.0", "/users/delta", query, {}, None, "http://graph", "r")
        body = get_delta(self._tenant, request).body or {}
        for item in body["value"]:
            if "@removed" in item:
                self.known[item["id"]] = item["@removed"]["reason"]
            else:
                self.known[item["id"]] = (item.get("mobilePhone"), item["accountEnabled"])
        done = "@odata.deltaLink" in body
        self._link = body["@odata.deltaLink" if done else "@odata.nextLink"]
        return done


def edit(tenant: Tenant, what: str, index: int, count: int) -> None:
    users = list(tenant.users.values())
    if what == "create" or not users:
        directory.create_user(tenant, {"mobilePhone": f"number {count}"})
        return
    user = users[index % len(users)]
    changes: dict[str, dict[str, Any]] = {
        "phone": {"mobilePhone": f"number {count}"},
        "unselected": {"jobTitle": f"title {count}"},
        "disable": {"accountEnabled": not user.properties["accountEnabled"]},
    }
    if user.life == "active" and what in changes:
        directory.update_user(tenant, user, changes[what])
    elif user.life == "active" and what == "delete":
        directory.soft_delete(tenant, user)
    elif user.life == "active" and what == "end":
        directory.delete_for_good(tenant, user)
    elif user.life == "softDeleted" and what == "restore":
        directory.restore(tenant, user)


def truth(tenant: Tenant) -> dict[str, Any]:
    reasons = {"softDeleted": "changed", "deleted": "deleted"}
    return {
        user.id: reasons.get(user.life) or (user.properties.get("mobilePhone"), user.properties["accountEnabled"])
        for user in tenant.users.values()
    }


@settings(max_examples=150, deadline=None)
@given(
    edits=st.lists(EDIT, max_size=30),
    page_size=st.integers(1, 3),
    empty=st.booleans(),
    replay=st.booleans(),
    first_removed=st.booleans(),
)
def test_a_client_that_follows_the_links_misses_nothing(
    edits: list[tuple[str, int]], page_size: int, empty: bool, replay: bool, first_removed: bool
) -> None:
    tenant = Tenant()
    calm = Switches(replication_seconds=0, skeleton_seconds=0, delta_page_size=page_size)
    tenant.switches = dataclasses.replace(
        calm, empty_delta_pages=empty, replay_delta=replay, removed_in_first_round=first_removed
    )
    client = Client(tenant)
    for count, (what, index) in enumerate(edits):
        if what == "page":
            client.page()
        else:
            edit(tenant, what, index, count)
    for _ in range(2):  # the round under way, then one that starts after the last edit
        while not client.page():
            pass
    expected = truth(tenant)
    if not first_removed:  # somebody gone before the first look may never be mentioned
        expected = {user: value for user, value in expected.items() if user in client.known or isinstance(value, tuple)}
    assert client.known == expected
