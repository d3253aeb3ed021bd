"""Which subscription we want, and the steps towards exactly one of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Failure, NotFound, Permanent, Transient
from shared.models import Reason
from shared.subscription_rules import (
    LAST_DAY,
    LATE,
    LIFETIME,
    MIN_PASSES,
    RENEW_BELOW,
    REPLACE_AFTER,
    REPLACE_BELOW,
    WORTH_A_PERSON,
    Create,
    Delete,
    Desired,
    Healthy,
    Remembered,
    Renew,
    Setback,
    StalledRenewal,
    Step,
    Subscription,
    has_moved,
    next_step,
    subscription_word,
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
        ({"renewalAsked": NOW.isoformat()}, Remembered(renewal_asked=True)),
        ({"renewalAsked": None, "renewal": None}, Remembered()),
    ],
)
def test_what_the_control_table_remembers(values: dict[str, Any], remembered: Remembered) -> None:
    assert Remembered.of(values) == remembered


def test_no_fingerprint_shows() -> None:
    assert "fingerprint of" not in f"{DESIRED!r} {Remembered('kept', CURRENT, OLD)!r}"


# --- a renewal that fails --------------------------------------------------------------------------------------------

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PASSING = (Setback.UNAVAILABLE, Setback.THROTTLED)
LASTING = (Setback.UNMOVED, Setback.UNCONFIRMED, Setback.REFUSED)


def stall(**changes: Any) -> StalledRenewal:
    standard = StalledRenewal("kept", NOW + timedelta(days=13), NOW, 1, Setback.REFUSED, "400 ErrorInvalidParameter")
    return replace(standard, **changes)


@pytest.mark.parametrize(
    ("cause", "setback"),
    [
        (Setback.UNMOVED, Setback.UNMOVED),
        (Setback.UNCONFIRMED, Setback.UNCONFIRMED),
        (Transient(Reason.GRAPH_UNAVAILABLE, "503"), Setback.UNAVAILABLE),
        (Transient(Reason.THROTTLED, "429"), Setback.THROTTLED),
        (Permanent(Reason.GRAPH_REFUSED, "400", "…"), Setback.REFUSED),
        (Permanent(Reason.NOT_ALLOWED, "403", "…"), Setback.NOT_ALLOWED),
        (NotFound("404"), Setback.REFUSED),
    ],
)
def test_f_which_setback_a_failure_is(cause: Failure | Setback, setback: Setback) -> None:
    stalled = StalledRenewal.after(None, KEPT, KEPT.expires, cause, NOW)
    words = {
        Setback.UNMOVED: "200, and the end stays where it was",
        Setback.UNCONFIRMED: "200 with a later end, and a read shows the old one",
    }
    detail = words[cause] if isinstance(cause, Setback) else cause.detail
    assert stalled == StalledRenewal("kept", KEPT.expires, NOW, 1, setback, detail)


@pytest.mark.parametrize(
    ("before", "passes"),
    [
        (None, 1),
        (stall(expires=KEPT.expires, passes=4), 5),
        (stall(expires=KEPT.expires + SECOND, passes=4), 5),
        (stall(expires=KEPT.expires - SECOND, passes=4), 1),
        (stall(expires=KEPT.expires, passes=4, subscription_id="another"), 1),
    ],
)
def test_f_failed_renewals_are_counted_since_the_end_last_moved(before: StalledRenewal | None, passes: int) -> None:
    stalled = StalledRenewal.after(before, KEPT, KEPT.expires - DAY, Setback.UNMOVED, NOW + HOUR)
    assert (stalled.passes, stalled.since) == (passes, NOW if passes > 1 else NOW + HOUR)
    assert stalled.expires == KEPT.expires, "the later of what is listed and what is answered"
    later = StalledRenewal.after(before, KEPT, KEPT.expires + DAY, Setback.UNMOVED, NOW)
    assert later.expires == KEPT.expires + DAY


@given(st.builds(stall, setback=st.sampled_from(Setback), passes=st.integers(1, 99), detail=st.text(max_size=5)))
def test_f_what_is_kept_of_a_stalled_renewal_comes_back(stalled: StalledRenewal) -> None:
    assert StalledRenewal.of(stalled.as_values()) == stalled
    assert Remembered.of({"renewal": stalled.as_values()}).stalled == stalled


@pytest.mark.parametrize("setback", LASTING)
@pytest.mark.parametrize(
    ("passes", "left", "age", "replaced"),
    [
        (MIN_PASSES, REPLACE_BELOW - SECOND, HOUR, True),
        (MIN_PASSES, REPLACE_BELOW, HOUR, False),
        (MIN_PASSES - 1, REPLACE_BELOW - SECOND, HOUR, False),
        (MIN_PASSES - 1, HOUR, 9 * DAY, False),
        (MIN_PASSES, 13 * DAY, REPLACE_AFTER, True),
        (MIN_PASSES, 13 * DAY, REPLACE_AFTER - SECOND, False),
        (MIN_PASSES + 9, 27 * DAY, REPLACE_AFTER - SECOND, False),
    ],
)
def test_f_when_a_subscription_that_graph_will_not_renew_is_replaced(
    setback: Setback, passes: int, left: timedelta, age: timedelta, replaced: bool
) -> None:
    stalled = stall(setback=setback, passes=passes, expires=NOW + left, since=NOW - age)
    assert stalled.asks_for_replacement(NOW) is replaced
    assert stalled.asks_for_a_person(NOW)


@pytest.mark.parametrize(
    ("setback", "passes", "left", "age", "replaced"),
    [
        (Setback.UNAVAILABLE, MIN_PASSES, LAST_DAY - SECOND, WORTH_A_PERSON, True),
        (Setback.UNAVAILABLE, MIN_PASSES, LAST_DAY, WORTH_A_PERSON, False),
        (Setback.UNAVAILABLE, MIN_PASSES, LAST_DAY - SECOND, WORTH_A_PERSON - SECOND, False),
        (Setback.UNAVAILABLE, MIN_PASSES - 1, LAST_DAY - SECOND, WORTH_A_PERSON, False),
        (Setback.UNAVAILABLE, 99, 2 * DAY, 12 * DAY, False),
        (Setback.NOT_ALLOWED, MIN_PASSES, LAST_DAY - SECOND, SECOND, True),
        (Setback.NOT_ALLOWED, MIN_PASSES, LAST_DAY, 12 * DAY, False),
        (Setback.NOT_ALLOWED, MIN_PASSES - 1, HOUR, 12 * DAY, False),
        (Setback.THROTTLED, 99, HOUR, 12 * DAY, False),
    ],
)
def test_f_when_one_whose_renewal_fails_for_another_reason_is_replaced(
    setback: Setback, passes: int, left: timedelta, age: timedelta, replaced: bool
) -> None:
    stalled = stall(setback=setback, passes=passes, expires=NOW + left, since=NOW - age)
    assert stalled.asks_for_replacement(NOW) is replaced


@pytest.mark.parametrize("setback", PASSING)
@pytest.mark.parametrize(
    ("passes", "age", "said"),
    [
        (MIN_PASSES, WORTH_A_PERSON, True),
        (MIN_PASSES - 1, WORTH_A_PERSON, False),
        (MIN_PASSES, WORTH_A_PERSON - SECOND, False),
    ],
)
def test_f_what_may_pass_by_itself_gets_an_hour(setback: Setback, passes: int, age: timedelta, said: bool) -> None:
    assert stall(setback=setback, passes=passes, since=NOW - age).asks_for_a_person(NOW) is said
    assert stall(setback=Setback.NOT_ALLOWED).asks_for_a_person(NOW)


def test_f_a_read_that_lags_behind_the_renewal_is_no_matter_for_a_person() -> None:
    assert not stall(setback=Setback.UNCONFIRMED, passes=1).asks_for_a_person(NOW + DAY)
    assert stall(setback=Setback.UNCONFIRMED, passes=2).asks_for_a_person(NOW)


@pytest.mark.parametrize(
    ("left", "now_left", "moved"),
    [
        pytest.param(5 * DAY, LIFETIME, True, id="as asked for"),
        pytest.param(5 * DAY, LIFETIME - SECOND, True, id="without the fraction of a second"),
        pytest.param(LIFETIME, LIFETIME, True, id="asked for again at once"),
        pytest.param(LIFETIME, LIFETIME - timedelta(minutes=1), True, id="asked for again within a minute"),
        pytest.param(LIFETIME, LIFETIME - timedelta(minutes=1) - SECOND, False, id="and unmoved a minute later"),
        pytest.param(LIFETIME + DAY, LIFETIME, True, id="an end that was later than we ask for"),
        pytest.param(5 * DAY, 5 * DAY, False, id="unmoved"),
        pytest.param(5 * DAY, 4 * DAY, False, id="moved to an earlier moment"),
        pytest.param(5 * DAY, 5 * DAY + SECOND, True, id="moved by a second"),
        pytest.param(HOUR, LAST_DAY, True, id="a day is a life"),
        pytest.param(HOUR, LAST_DAY - SECOND, False, id="less is none"),
    ],
)
def test_f_when_a_renewal_was_one(left: timedelta, now_left: timedelta, moved: bool) -> None:
    assert has_moved(subscription(expires=NOW + left), subscription(expires=NOW + now_left), NOW) is moved


@pytest.mark.parametrize(
    ("remembered", "step"),
    [
        pytest.param(replace(OURS, renewal_asked=True), Renew(KEPT), id="asked for, and owed"),
        pytest.param(replace(OURS, stalled=stall(expires=KEPT.expires)), Renew(KEPT), id="failed"),
        pytest.param(
            replace(OURS, stalled=stall(expires=KEPT.expires, passes=99)), Renew(KEPT), id="failed often: once more"
        ),
        pytest.param(replace(OURS, stalled=stall(expires=KEPT.expires - SECOND)), Healthy(KEPT), id="moved meanwhile"),
        pytest.param(
            replace(OURS, stalled=stall(expires=KEPT.expires, subscription_id="another")),
            Healthy(KEPT),
            id="of another one",
        ),
    ],
)
def test_f_a_renewal_is_due_until_the_end_moves(remembered: Remembered, step: Step) -> None:
    assert next_step([KEPT], DESIRED, remembered, NOW) == step


LIVE = {"id": "kept", "expires": (NOW + 13 * DAY).isoformat(), "checkedAt": NOW.isoformat()}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "live"),
        ({"renewal": stall().as_values()}, "degraded"),
        ({"renewal": stall(setback=Setback.UNMOVED).as_values()}, "degraded"),
        ({"renewal": stall(setback=Setback.NOT_ALLOWED).as_values()}, "degraded"),
        ({"renewal": stall(setback=Setback.UNAVAILABLE).as_values()}, "live"),
        ({"renewal": stall(setback=Setback.UNAVAILABLE, passes=3, since=NOW - HOUR).as_values()}, "degraded"),
        ({"expires": (NOW + LAST_DAY).isoformat()}, "live"),
        ({"expires": (NOW + LAST_DAY - SECOND).isoformat()}, "degraded"),
        ({"renewal": stall().as_values(), "expires": NOW.isoformat()}, "expired"),
        ({"renewal": stall().as_values(), "checkedAt": (NOW - LATE - SECOND).isoformat()}, "unchecked"),
        ({"renewal": stall().as_values(), "missingSince": NOW.isoformat()}, "missing"),
        ({"renewal": stall().as_values(), "removedAt": NOW.isoformat()}, "removed"),
        ({"renewal": stall().as_values(), "expires": None}, "none"),
    ],
)
def test_f_the_word_for_a_subscription_whose_renewal_fails(changes: dict[str, Any], word: str) -> None:
    assert subscription_word(LIVE | changes, NOW) == word


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
