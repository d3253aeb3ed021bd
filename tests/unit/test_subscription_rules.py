"""Which subscription we want, and the steps towards exactly one of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.subscription_rules import (
    LIFETIME,
    RENEW_BELOW,
    Create,
    Delete,
    Desired,
    Healthy,
    Remembered,
    Renew,
    Step,
    Subscription,
    next_step,
)
from tests.builders import NOW

URL, LIFECYCLE_URL = "https://app.example/api/notifications", "https://app.example/api/lifecycle"
CURRENT, OLD = "fingerprint of the clientState", "fingerprint of the clientState before"
DESIRED = Desired(URL, LIFECYCLE_URL, CURRENT)
GRAPHS_CAP = timedelta(minutes=41_760)
SECOND = timedelta(seconds=1)


def subscription(name: str = "kept", **changes: Any) -> Subscription:
    healthy = Subscription(name, "users", "updated", URL, LIFECYCLE_URL, NOW + timedelta(days=20))
    return replace(healthy, **changes)


KEPT = subscription()
OURS = Remembered("kept", CURRENT)
NOBODY = Remembered()
WRONG_URL = subscription("stray", notification_url="https://old.example/api/notifications")
SITUATIONS = [
    # none
    pytest.param([], NOBODY, Create(), id="none, never had one"),
    pytest.param([], OURS, Create(), id="none, had one: it vanished"),
    pytest.param([], Remembered(pending=CURRENT), Create(), id="none, crashed before creating"),
    # ours
    pytest.param([KEPT], OURS, Healthy(KEPT), id="healthy"),
    pytest.param([KEPT], Remembered("kept", CURRENT, OLD), Healthy(KEPT), id="healthy, an old creation is pending"),
    pytest.param([KEPT], Remembered("gone", CURRENT, CURRENT), Healthy(KEPT), id="crashed after creating: adopted"),
    pytest.param(
        [KEPT], Remembered(None, None, CURRENT), Healthy(KEPT), id="crashed after the first creation: adopted"
    ),
    # whose clientState?
    pytest.param([KEPT], NOBODY, Delete(KEPT), id="nobody knows its clientState"),
    pytest.param([KEPT], Remembered("kept", OLD), Delete(KEPT), id="an old clientState"),
    pytest.param([KEPT], Remembered("kept", None), Delete(KEPT), id="a forgotten clientState"),
    pytest.param([KEPT], Remembered("kept", OLD, CURRENT), Delete(KEPT), id="an old clientState, a new one pending"),
    pytest.param([KEPT], Remembered("other", CURRENT), Delete(KEPT), id="another one is ours"),
    pytest.param([KEPT], Remembered("other", CURRENT, OLD), Delete(KEPT), id="pending under an old clientState"),
    # not as we want it
    pytest.param([replace(WRONG_URL, id="kept")], OURS, Delete(replace(WRONG_URL, id="kept")), id="wrong URL"),
    *(
        pytest.param([item], OURS, Delete(item), id=name)
        for name, item in {
            "wrong lifecycle URL": subscription(lifecycle_url="https://old.example/api/lifecycle"),
            "no lifecycle URL": subscription(lifecycle_url=None),
            "URLs swapped": subscription(notification_url=LIFECYCLE_URL, lifecycle_url=URL),
            "other change type": subscription(change_type="deleted"),
            "more change types": subscription(change_type="updated,deleted"),
            "just expired": subscription(expires=NOW),
            "long expired": subscription(expires=NOW - timedelta(days=9)),
        }.items()
    ),
    # how long it lasts
    pytest.param(
        [subscription(expires=NOW + RENEW_BELOW)],
        OURS,
        Healthy(subscription(expires=NOW + RENEW_BELOW)),
        id="two weeks left",
    ),
    pytest.param(
        [subscription(expires=NOW + RENEW_BELOW - SECOND)],
        OURS,
        Renew(subscription(expires=NOW + RENEW_BELOW - SECOND)),
        id="a second less",
    ),
    pytest.param(
        [subscription(expires=NOW + SECOND)], OURS, Renew(subscription(expires=NOW + SECOND)), id="nearly expired"
    ),
    # spellings
    *(
        pytest.param([subscription(resource=resource)], OURS, Healthy(subscription(resource=resource)), id=resource)
        for resource in ("Users", "/users", "users/", "/Users/")
    ),
    pytest.param(
        [subscription(change_type="Updated")], OURS, Healthy(subscription(change_type="Updated")), id="Updated"
    ),
    # more than one
    pytest.param([WRONG_URL, KEPT], OURS, Delete(WRONG_URL), id="a stray before ours"),
    pytest.param([KEPT, WRONG_URL], OURS, Delete(WRONG_URL), id="a stray behind ours"),
    pytest.param([WRONG_URL], OURS, Delete(WRONG_URL), id="only a stray: away with it before creating"),
    pytest.param(
        [subscription(expires=NOW + SECOND), WRONG_URL],
        OURS,
        Delete(WRONG_URL),
        id="a stray is deleted before ours is renewed",
    ),
    pytest.param(
        [subscription("twin", expires=NOW + timedelta(days=27)), KEPT],
        Remembered("kept", CURRENT, CURRENT),
        Delete(subscription("twin", expires=NOW + timedelta(days=27))),
        id="two good ones: the remembered is kept",
    ),
    pytest.param(
        [KEPT, subscription("twin", expires=NOW + timedelta(days=27))],
        Remembered("gone", CURRENT, CURRENT),
        Delete(KEPT),
        id="two good ones, none remembered: the longer is kept",
    ),
    pytest.param(
        [KEPT, replace(KEPT, expires=NOW - SECOND, id="old")],
        OURS,
        Delete(replace(KEPT, expires=NOW - SECOND, id="old")),
        id="an expired one beside ours",
    ),
    # not ours to touch
    *(
        pytest.param([subscription("other", resource=resource)], NOBODY, Create(), id=f"left alone: {resource}")
        for resource in (
            "groups",
            "usersX",
            "users/a11ce000-0000-4000-8000-000000000001",
            "users/x/messages",
            "me/users",
            "",
        )
    ),
    pytest.param([subscription("other", resource="groups"), KEPT], OURS, Healthy(KEPT), id="groups are left alone"),
]


@pytest.mark.parametrize(("found", "remembered", "step"), SITUATIONS)
def test_the_next_step(found: list[Subscription], remembered: Remembered, step: Step) -> None:
    assert next_step(found, DESIRED, remembered, NOW) == step


@pytest.mark.parametrize(
    ("found", "step"),
    [
        pytest.param([KEPT], Renew(KEPT), id="a healthy one is renewed"),
        pytest.param([], Create(), id="there is none to renew"),
        pytest.param([KEPT, WRONG_URL], Delete(WRONG_URL), id="strays come first"),
    ],
)
def test_a_renewal_that_was_asked_for(found: list[Subscription], step: Step) -> None:
    assert next_step(found, DESIRED, OURS, NOW, renew=True) == step


def test_what_we_ask_for_is_within_graphs_cap_and_not_renewed_at_once() -> None:
    assert timedelta(days=1) < GRAPHS_CAP - LIFETIME < timedelta(days=2)
    assert LIFETIME > RENEW_BELOW


@pytest.mark.parametrize(
    ("values", "remembered"),
    [
        ({}, Remembered()),
        ({"id": "kept", "fingerprint": CURRENT, "pending": OLD, "expires": "x"}, Remembered("kept", CURRENT, OLD)),
        ({"id": None, "fingerprint": None, "pending": None}, Remembered(None, None, None)),
    ],
)
def test_what_the_control_table_remembers(values: dict[str, Any], remembered: Remembered) -> None:
    assert Remembered.of(values) == remembered


def test_no_fingerprint_shows() -> None:
    assert "fingerprint of" not in f"{DESIRED!r} {Remembered('kept', CURRENT, OLD)!r}"


# --- the way to exactly one ------------------------------------------------------------------------------------------

MOST_STEPS = 12


@dataclass
class TinyGraph:
    """A list of subscriptions and our memory of them; a creation is refused while one on the resource exists."""

    listed: list[Subscription]
    remembered: Remembered

    def take(self, step: Step) -> None:
        match step:
            case Delete(gone):
                self.listed.remove(gone)
            case Renew(renewed):
                self.listed = [replace(i, expires=NOW + LIFETIME) if i == renewed else i for i in self.listed]
            case Create():
                assert not on_users(self.listed), "Graph would say 409"
                self.listed.append(subscription("new", expires=NOW + LIFETIME))
                self.remembered = Remembered("new", CURRENT)
            case Healthy():
                pass


def on_users(items: Sequence[Subscription]) -> list[Subscription]:
    return [item for item in items if item.resource.lower().strip("/") == "users"]


NAMES = st.sampled_from("abcdefgh")
FOUND = st.lists(
    st.builds(
        Subscription,
        id=NAMES,
        resource=st.sampled_from(["users", "Users", "/users", "groups"]),
        change_type=st.sampled_from(["updated", "Updated", "updated,deleted"]),
        notification_url=st.sampled_from([URL, "https://old.example/"]),
        lifecycle_url=st.sampled_from([LIFECYCLE_URL, None]),
        expires=st.sampled_from([NOW + timedelta(days=days) for days in (-1, 0, 1, 13, 14, 27)]),
    ),
    max_size=8,
    unique_by=lambda item: item.id,
)
FINGERPRINTS = st.sampled_from([None, CURRENT, OLD])


@given(FOUND, st.builds(Remembered, st.none() | NAMES, FINGERPRINTS, FINGERPRINTS))
def test_step_by_step_there_is_exactly_one_healthy_subscription(
    found: list[Subscription], remembered: Remembered
) -> None:
    """Invariant 13."""
    graph = TinyGraph(list(found), remembered)
    steps: list[Step] = []
    while not steps or not isinstance(steps[-1], Healthy):
        assert len(steps) < MOST_STEPS
        steps.append(next_step(graph.listed, DESIRED, graph.remembered, NOW))
        graph.take(steps[-1])
    (only,) = on_users(graph.listed)
    assert (only.notification_url, only.lifecycle_url, only.change_type.lower()) == (URL, LIFECYCLE_URL, "updated")
    assert only.expires - NOW >= RENEW_BELOW
    assert [item for item in graph.listed if item.resource == "groups"] == [i for i in found if i.resource == "groups"]


@given(FOUND, st.builds(Remembered, st.none() | NAMES, FINGERPRINTS, FINGERPRINTS))
def test_the_order_of_the_list_does_not_matter(found: list[Subscription], remembered: Remembered) -> None:
    kept = []
    for listed in (found, found[::-1]):
        graph = TinyGraph(list(listed), remembered)
        for _ in range(MOST_STEPS):
            graph.take(next_step(graph.listed, DESIRED, graph.remembered, NOW))
        kept.append(on_users(graph.listed)[0].expires)
    assert kept[0] == kept[1]
