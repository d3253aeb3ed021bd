"""The keeper ends with exactly one healthy subscription, whatever it finds."""

import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from shared.errors import AlreadySubscribed, Failure, GraphFailed, Permanent, Transient
from shared.messages import Chore
from shared.models import Reason
from shared.ports import SUBSCRIPTION, Record
from shared.subscription_rules import (
    LIFETIME,
    MIN_PASSES,
    RENEW_BELOW,
    Desired,
    Subscription,
    subscription_word,
)
from shared.subscriptions import MOST_STEPS, Keeper
from tests.fakes import NOW, FakeClock, FakeControl, FakeQueues, FakeSubscriptionApi

OURS = "aaaaaaaa-0000-4000-8000-00000000000a"
OTHER = "bbbbbbbb-0000-4000-8000-00000000000b"
DESIRED = Desired("https://app.example/api/notifications", "https://app.example/api/lifecycle", "fingerprint")
LIVE = Subscription(
    OURS, "users", "updated", DESIRED.notification_url, DESIRED.lifecycle_url, NOW + RENEW_BELOW + timedelta(days=1)
)


@dataclass
class Bench:
    api: FakeSubscriptionApi = field(default_factory=lambda: FakeSubscriptionApi(LIVE))
    control: FakeControl = field(default_factory=FakeControl)
    queues: FakeQueues = field(default_factory=FakeQueues)
    clock: FakeClock = field(default_factory=FakeClock)

    def exists(self, item: Subscription, known: bool = True, unlisted: bool = False) -> None:
        self.api.existing[item.id] = item
        if unlisted:
            self.api.unlisted.add(item.id)
        if known:
            self.control.records[SUBSCRIPTION] = Record({"id": item.id, "fingerprint": "fingerprint"}, "0")

    async def keep(self, renew: bool = False) -> tuple[str, ...]:
        keeper = Keeper(self.api, self.control, self.queues, DESIRED, self.clock)
        return (await keeper.keep(renew)).steps

    async def passes(self, count: int, renew: bool = False) -> list[tuple[str, ...] | Failure]:
        """What so many passes end with, one an hour."""
        ends: list[tuple[str, ...] | Failure] = []
        for _ in range(count):
            try:
                ends.append(await self.keep(renew))
            except GraphFailed as error:
                ends.append(error.failure)
            self.clock.advance(hours=1)
        return ends

    @property
    def remembered(self) -> object:
        return self.control.records[SUBSCRIPTION].values["id"]

    @property
    def word(self) -> str:
        return subscription_word(self.control.records[SUBSCRIPTION].values, self.clock())


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_none_is_created_and_the_gap_is_swept(bench: Bench) -> None:
    assert await bench.keep() == ("created",)
    [created] = bench.api.created
    assert created.expires == NOW + LIFETIME
    assert bench.remembered == created.id
    assert bench.queues.chores == [Chore.SWEEP]
    assert await bench.keep() == (), "the second run is boring"
    assert len(bench.api.created) == 1


async def test_a_healthy_one_is_left_alone(bench: Bench) -> None:
    bench.exists(LIVE)
    assert await bench.keep() == ()
    assert (bench.api.renewed, bench.api.deleted, bench.queues.chores) == ([], [], [])


async def test_half_way_through_its_life_it_is_renewed(bench: Bench) -> None:
    bench.exists(replace(LIVE, expires=NOW + RENEW_BELOW - timedelta(minutes=1)))
    assert await bench.keep() == ("renewed",)
    assert bench.api.existing[OURS].expires == NOW + LIFETIME
    assert bench.queues.chores == [], "nothing was missed"


async def test_reauthorization_renews_whatever_time_is_left(bench: Bench) -> None:
    bench.exists(LIVE)
    assert await bench.keep(renew=True) == ("renewed",)


async def test_one_that_vanished_before_its_renewal_is_made_anew(bench: Bench) -> None:
    bench.exists(replace(LIVE, expires=NOW + timedelta(hours=1)))
    renew = bench.api.renew

    async def vanish(subscription_id: str, expires: object) -> None:
        bench.api.existing.pop(subscription_id, None)
        await renew(subscription_id, expires)  # type: ignore[arg-type]

    bench.api.renew = vanish  # type: ignore[method-assign]
    assert await bench.keep() == ("vanished", "created")
    assert bench.queues.chores == [Chore.SWEEP]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(replace(LIVE, notification_url="https://old.example/api/notifications"), id="url"),
        pytest.param(replace(LIVE, lifecycle_url=None), id="lifecycle-url"),
        pytest.param(replace(LIVE, change_type="updated,deleted"), id="change-type"),
        pytest.param(replace(LIVE, expires=NOW - timedelta(minutes=1)), id="expired"),
    ],
)
async def test_one_that_no_longer_matches_is_replaced(bench: Bench, wrong: Subscription) -> None:
    bench.exists(wrong)
    assert await bench.keep() == ("deleted", "created")
    assert list(bench.api.existing) == [bench.remembered]
    assert bench.queues.chores == [Chore.SWEEP]


async def test_one_made_under_another_client_state_is_replaced(bench: Bench) -> None:
    bench.exists(LIVE)
    bench.control.records[SUBSCRIPTION] = Record({"id": OURS, "fingerprint": "of the old secret"}, "0")
    assert await bench.keep() == ("deleted", "created")


async def test_one_nobody_remembers_is_replaced(bench: Bench) -> None:
    """Graph hides the clientState: a subscription of unknown secret would be dropped item by item, silently."""
    bench.exists(LIVE, known=False)
    assert await bench.keep() == ("deleted", "created")


async def test_strays_are_deleted_and_other_resources_are_not_ours_to_touch(bench: Bench) -> None:
    bench.exists(LIVE)
    bench.exists(replace(LIVE, id=OTHER, resource="/Users"), known=False)
    bench.exists(replace(LIVE, id="cccccccc-0000-4000-8000-00000000000c", resource="groups"), known=False)
    assert await bench.keep() == ("deleted",)
    assert bench.api.deleted == [OTHER]


async def test_409_adopts_what_another_keeper_made_meanwhile(bench: Bench) -> None:
    bench.exists(LIVE, known=False, unlisted=True)
    assert await bench.keep() == ("adopted",)
    assert bench.remembered == OURS
    assert bench.api.created == []


async def test_409_for_a_stranger_replaces_it(bench: Bench) -> None:
    bench.exists(replace(LIVE, notification_url="https://old.example/x"), known=False, unlisted=True)
    assert await bench.keep() == ("adopted", "deleted", "created")


async def test_a_crash_between_creation_and_its_record_does_not_make_a_second_one(bench: Bench) -> None:
    bench.exists(LIVE, known=False)
    bench.control.records[SUBSCRIPTION] = Record({"pending": "fingerprint"}, "0")
    assert await bench.keep() == ()
    assert bench.remembered == OURS


async def test_a_live_one_that_the_list_omits_is_found_by_its_id(bench: Bench) -> None:
    bench.exists(LIVE, unlisted=True)
    assert await bench.keep() == ()
    assert bench.api.created == []


async def test_two_keepers_at_once_end_with_one(bench: Bench) -> None:
    assert await bench.keep() == ("created",)
    bench.control.records.pop(SUBSCRIPTION)
    bench.api.unlisted = set(bench.api.existing)
    await bench.keep()
    assert len(bench.api.existing) == 1


async def test_a_failing_graph_is_reported_not_swallowed(bench: Bench) -> None:
    bench.api.failing = Transient(Reason.GRAPH_UNAVAILABLE, "503")
    with pytest.raises(GraphFailed):
        await bench.keep()


async def test_while_it_is_missing_it_is_noted_since_when(bench: Bench) -> None:
    bench.exists(LIVE)
    assert await bench.keep() == ()
    bench.api.existing.clear()
    bench.api.handshake_failures = 2
    for _ in range(2):
        with pytest.raises(GraphFailed):
            await bench.keep()
        bench.clock.advance(minutes=1)
    noted = bench.control.records[SUBSCRIPTION].values
    assert (subscription_word(noted, bench.clock()), noted["missingSince"]) == ("missing", NOW.isoformat())
    assert await bench.keep() == ("created",)
    assert subscription_word(bench.control.records[SUBSCRIPTION].values, bench.clock()) == "live"


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_clock_ten_minutes_off_asks_for_no_forbidden_lifetime_and_renews_in_time(
    bench: Bench, minutes: int
) -> None:
    bench.clock.advance(minutes=minutes)
    await bench.keep()
    [created] = bench.api.created
    longest = timedelta(minutes=41_760)  # https://learn.microsoft.com/graph/change-notifications-overview
    assert timedelta(days=27) < created.expires - NOW <= longest
    bench.clock.moment = created.expires - RENEW_BELOW + timedelta(minutes=minutes + 11)
    assert await bench.keep() == ("renewed",)


async def test_removed_means_removed_until_somebody_asks_for_one(bench: Bench) -> None:
    bench.exists(LIVE)
    bench.exists(replace(LIVE, id=OTHER, resource="groups"), known=False)
    keeper = Keeper(bench.api, bench.control, bench.queues, DESIRED, bench.clock)
    assert await keeper.remove() == (OURS,)
    assert list(bench.api.existing) == [OTHER], "other resources are not ours to touch"
    assert await keeper.is_removed()
    assert subscription_word(bench.control.records[SUBSCRIPTION].values, bench.clock()) == "removed"
    assert await keeper.remove() == (), "the second run is boring"
    bench.api.existing.clear()
    assert (await keeper.keep()).steps == ("created",)
    assert not await keeper.is_removed()
    assert bench.queues.chores == [Chore.SWEEP], "the gap is swept"


async def test_a_removal_that_graph_refuses_is_noted_and_can_be_tried_again(bench: Bench) -> None:
    bench.exists(LIVE)
    keeper = Keeper(bench.api, bench.control, bench.queues, DESIRED, bench.clock)
    bench.api.failing = Transient(Reason.GRAPH_UNAVAILABLE, "503")
    with pytest.raises(GraphFailed):
        await keeper.remove()
    assert await keeper.is_removed()
    bench.api.failing = None
    assert await keeper.remove() == (OURS,)


async def test_a_409_that_names_nobody_is_tried_later(bench: Bench) -> None:
    async def taken(_: object) -> Subscription:
        raise AlreadySubscribed(None)

    bench.api.create = taken  # type: ignore[method-assign, assignment]
    with pytest.raises(GraphFailed) as failed:
        await bench.keep()
    assert failed.value.failure == Transient(Reason.GRAPH_UNAVAILABLE, "409 without an id")


async def test_what_does_not_come_to_rest_is_tried_later(bench: Bench) -> None:
    """Somebody deletes whatever we make."""
    create = bench.api.create

    async def short_lived(expires: datetime) -> Subscription:
        created = await create(expires)
        bench.api.existing.clear()
        return created

    bench.api.create = short_lived  # type: ignore[method-assign]
    with pytest.raises(GraphFailed) as failed:
        await bench.keep()
    assert failed.value.failure == Transient(Reason.GRAPH_UNAVAILABLE, "the subscription does not come to rest")
    assert len(bench.api.created) == 1, "one creation a pass"


async def test_many_strays_are_deleted_pass_by_pass(bench: Bench) -> None:
    bench.exists(LIVE)
    for number in range(MOST_STEPS + 2):
        stray = replace(LIVE, id=f"{number:08x}-0000-4000-8000-00000000000d", resource="/Users")
        bench.exists(stray, known=False)
    with pytest.raises(GraphFailed):
        await bench.keep()
    assert len(bench.api.deleted) == MOST_STEPS
    assert await bench.keep() == ("deleted", "deleted")
    assert list(bench.api.existing) == [OURS]


async def test_one_that_is_removed_while_it_was_missing_is_not_missed_any_more(bench: Bench) -> None:
    bench.control.records[SUBSCRIPTION] = Record({"missingSince": NOW.isoformat()}, "0")
    await Keeper(bench.api, bench.control, bench.queues, DESIRED, bench.clock).remove()
    assert bench.control.records[SUBSCRIPTION].values["missingSince"] is None


async def test_one_that_the_list_does_not_show_yet_is_not_made_twice_though_its_record_was_lost(bench: Bench) -> None:
    create = bench.api.create

    async def unlisted(expires: datetime) -> Subscription:
        created = await create(expires)
        bench.api.unlisted.add(created.id)
        bench.control.contended = {SUBSCRIPTION}
        return created

    bench.api.create = unlisted  # type: ignore[method-assign]
    with contextlib.suppress(GraphFailed):
        await bench.keep()
    assert len(bench.api.existing) == len(bench.api.created) == 1


# --- a renewal that does not move the end ----------------------------------------------------------------------------

REFUSED = Permanent(Reason.GRAPH_REFUSED, "400 ErrorInvalidParameter", "mfa-prefill subscription ensure")
DENIED = Permanent(Reason.NOT_ALLOWED, "401 ExtensionError", "grant it")
ILL = Transient(Reason.GRAPH_UNAVAILABLE, "503")
THROTTLED = Transient(Reason.THROTTLED, "429", timedelta(seconds=30))


def stalls(bench: Bench, failure: Failure | None, **left: float) -> None:
    """Ours has so long to live, and no renewal moves its end."""
    bench.exists(replace(LIVE, expires=NOW + timedelta(**left)))
    bench.api.unmoved, bench.api.renewal_failure = failure is None, failure


@pytest.mark.parametrize(("failure", "ends"), [(None, ("unmoved",)), (REFUSED, REFUSED)])
async def test_f_an_unmoved_or_refused_renewal_is_one_patch_a_pass_and_said(
    bench: Bench, failure: Failure | None, ends: object
) -> None:
    stalls(bench, failure, days=13)
    assert await bench.passes(1) == [ends]
    assert (bench.api.renewed, bench.word, bench.remembered) == ([OURS], "degraded", OURS)
    assert await bench.passes(5) == [ends] * 5
    assert bench.api.renewed == [OURS] * 6
    assert (bench.api.deleted, bench.queues.chores) == ([], [])
    noted = bench.control.records[SUBSCRIPTION].values
    assert noted["renewal"] | {"detail": "…"} == {
        "id": OURS,
        "expires": (NOW + timedelta(days=13)).isoformat(),
        "since": NOW.isoformat(),
        "passes": 6,
        "setback": "refused" if failure else "unmoved",
        "detail": "…",
    }
    assert noted["checkedAt"] == (NOW + timedelta(hours=5)).isoformat(), "the keeper has seen it"


@pytest.mark.parametrize("failure", [None, REFUSED])
async def test_f_before_its_end_it_is_replaced_and_the_gap_is_swept(bench: Bench, failure: Failure | None) -> None:
    stalls(bench, failure, days=5)
    *before, last = await bench.passes(MIN_PASSES)
    assert bench.api.deleted == [OURS]
    assert last == ("refused" if failure else "unmoved", "deleted", "created")
    assert all("deleted" not in str(end) for end in before), "not for one bad answer, or two"
    assert (bench.api.renewed, bench.queues.chores) == ([OURS] * MIN_PASSES, [Chore.SWEEP])
    [created] = bench.api.existing.values()
    assert (bench.remembered, bench.word, created.expires > NOW + RENEW_BELOW) == (created.id, "live", True)
    assert bench.control.records[SUBSCRIPTION].values["renewal"] is None
    assert await bench.passes(3) == [()] * 3


@pytest.mark.parametrize("failure", [None, REFUSED])
async def test_f_with_time_left_it_is_replaced_after_a_day(bench: Bench, failure: Failure | None) -> None:
    stalls(bench, failure, days=13)
    ends = await bench.passes(25)
    assert [isinstance(end, tuple) and "created" in end for end in ends].index(True) == 24
    assert len(bench.api.renewed) == 25


async def test_f_a_renewal_that_works_again_is_no_replacement(bench: Bench) -> None:
    stalls(bench, REFUSED, days=5)
    await bench.passes(MIN_PASSES - 1)
    bench.api.renewal_failure = None
    assert await bench.passes(1) == [("renewed",)]
    assert (bench.api.deleted, bench.word) == ([], "live")
    noted = bench.control.records[SUBSCRIPTION].values
    assert (noted["renewal"], noted["problem"]) == (None, None)
    bench.clock.moment = bench.api.existing[OURS].expires - timedelta(days=5)
    bench.api.renewal_failure = REFUSED
    assert await bench.passes(MIN_PASSES - 1) == [REFUSED] * (MIN_PASSES - 1), "counted from the beginning"
    assert bench.api.deleted == []


@pytest.mark.parametrize("failure", [ILL, THROTTLED, DENIED])
async def test_f_a_healthy_subscription_is_not_burned_for_what_may_pass(bench: Bench, failure: Failure) -> None:
    stalls(bench, failure, days=5)
    assert await bench.passes(96) == [failure] * 96
    assert (bench.api.deleted, bench.api.renewed) == ([], [OURS] * 96)


async def test_f_a_short_trouble_of_graph_is_not_said_and_a_long_one_is(bench: Bench) -> None:
    stalls(bench, ILL, days=13)
    words = []
    for _ in range(5):
        with pytest.raises(GraphFailed):
            await bench.keep()
        words.append(bench.word)
        bench.clock.advance(minutes=20)
    assert words == ["live", "live", "live", "degraded", "degraded"]


@pytest.mark.parametrize(("failure", "replaced"), [(ILL, True), (DENIED, True), (THROTTLED, False)])
async def test_f_on_its_last_day_whatever_keeps_failing_is_replaced(
    bench: Bench, failure: Failure, replaced: bool
) -> None:
    stalls(bench, failure, hours=20)
    ends = await bench.passes(4)
    assert bool(bench.api.deleted) is replaced
    assert any(isinstance(end, tuple) and "created" in end for end in ends) is replaced


async def test_f_a_minute_of_trouble_on_the_last_day_replaces_nothing(bench: Bench) -> None:
    stalls(bench, ILL, hours=20)
    for _ in range(8):
        with pytest.raises(GraphFailed):
            await bench.keep()
        bench.clock.advance(seconds=7)
    assert bench.api.deleted == []
    assert bench.word == "degraded", "its last day"


async def test_f_a_move_too_small_to_matter_is_none(bench: Bench) -> None:
    bench.exists(replace(LIVE, expires=NOW + timedelta(hours=20)))

    async def nudge(subscription_id: str, expires: datetime) -> Subscription:
        item = bench.api.existing[subscription_id]
        bench.api.existing[subscription_id] = replace(item, expires=item.expires + timedelta(seconds=1))
        return bench.api.existing[subscription_id]

    bench.api.renew = nudge  # type: ignore[method-assign]
    assert (await bench.passes(MIN_PASSES))[-1] == ("unmoved", "deleted", "created")


async def test_f_an_end_that_graph_answers_and_does_not_show_is_no_renewal(bench: Bench) -> None:
    bench.exists(replace(LIVE, expires=NOW + timedelta(days=5)))
    bench.api.forgetful = True
    assert await bench.passes(1) == [("unconfirmed",)]
    assert bench.word == "live", "a read may lag behind"
    assert bench.control.records[SUBSCRIPTION].values["expires"] == (NOW + timedelta(days=5)).isoformat()
    assert await bench.passes(1) == [("unconfirmed",)]
    assert bench.word == "degraded"
    assert await bench.passes(1) == [("unconfirmed", "deleted", "created")]
    assert bench.api.renewed == [OURS] * 3


async def test_f_a_read_that_lags_behind_the_renewal_heals_by_itself(bench: Bench) -> None:
    bench.exists(replace(LIVE, expires=NOW + timedelta(days=5)))
    bench.api.forgetful = True
    await bench.passes(1)
    bench.api.existing[OURS] = replace(LIVE, expires=NOW + LIFETIME)
    assert await bench.passes(1) == [()]
    assert (bench.api.renewed, bench.word) == ([OURS], "live")


@pytest.mark.parametrize("gone", [True, False])
async def test_f_a_renewal_that_cannot_be_read_back_is_not_believed(bench: Bench, gone: bool) -> None:
    bench.exists(replace(LIVE, expires=NOW + timedelta(days=13)))

    async def unread(subscription_id: str) -> Subscription | None:
        if gone:
            bench.api.existing.pop(subscription_id, None)
            return None
        raise GraphFailed(ILL)

    get = bench.api.get
    bench.api.get = unread  # type: ignore[method-assign]
    assert await bench.passes(1) == [("vanished", "created") if gone else ILL]
    bench.api.get = get  # type: ignore[method-assign]
    assert await bench.passes(1) == [()]


async def test_f_a_shorter_life_than_asked_for_is_a_renewal(bench: Bench) -> None:
    bench.exists(replace(LIVE, expires=NOW + timedelta(days=2)))

    async def three_days(subscription_id: str, expires: datetime) -> Subscription:
        item = replace(bench.api.existing[subscription_id], expires=bench.clock() + timedelta(days=3))
        bench.api.existing[subscription_id] = item
        return item

    bench.api.renew = three_days  # type: ignore[method-assign]
    assert await bench.passes(30) == [("renewed",)] * 30
    assert bench.word == "live"


async def test_f_an_end_that_moved_though_graph_said_503_is_a_renewal(bench: Bench) -> None:
    stalls(bench, ILL, days=2)
    await bench.passes(MIN_PASSES)
    bench.api.existing[OURS] = replace(LIVE, expires=NOW + LIFETIME)
    assert await bench.passes(1) == [()]
    assert bench.control.records[SUBSCRIPTION].values["renewal"] is None


@pytest.mark.parametrize("failure", [REFUSED, ILL, None])
async def test_f_a_renewal_that_was_asked_for_is_owed_until_it_succeeds(bench: Bench, failure: Failure | None) -> None:
    """An unanswered reauthorizationRequired stops the notifications, however long the subscription lasts."""
    stalls(bench, failure, days=20)
    await bench.passes(1, renew=True)
    await bench.passes(1)
    assert bench.api.renewed == [OURS] * 2
    bench.api.unmoved, bench.api.renewal_failure = False, None
    assert await bench.passes(2) == [("renewed",), ()]


async def test_f_a_renewal_that_was_asked_for_is_owed_also_when_the_list_failed(bench: Bench) -> None:
    bench.exists(LIVE)
    bench.api.failing = ILL
    assert await bench.passes(1, renew=True) == [ILL]
    bench.api.failing = None
    assert await bench.passes(2) == [("renewed",), ()]


async def test_f_a_new_subscription_needs_no_renewal_that_was_asked_for_the_old_one(bench: Bench) -> None:
    assert await bench.passes(1, renew=True) == [("created",)]
    assert await bench.passes(1) == [()]
    assert bench.api.renewed == []


async def test_f_a_stall_that_could_not_be_noted_is_not_patched_twice_in_a_pass(bench: Bench) -> None:
    stalls(bench, None, days=5)
    bench.control.contended = {SUBSCRIPTION}
    await bench.passes(1)
    assert bench.api.renewed == [OURS]


async def test_f_a_replacement_that_fails_is_missed_until_it_succeeds(bench: Bench) -> None:
    stalls(bench, None, days=5)
    await bench.passes(MIN_PASSES - 1)
    bench.api.handshake_failures = 2
    await bench.passes(2)
    assert (bench.word, bench.api.existing) == ("missing", {})
    assert bench.control.records[SUBSCRIPTION].values["problem"] == "400 ValidationError: no handshake"
    assert await bench.passes(1) == [("created",)]
    assert (bench.word, bench.queues.chores) == ("live", [Chore.SWEEP])
    assert bench.control.records[SUBSCRIPTION].values["problem"] is None


async def test_f_a_deletion_that_fails_leaves_what_still_delivers(bench: Bench) -> None:
    stalls(bench, None, days=5)

    async def refuse(_: str) -> None:
        raise GraphFailed(ILL)

    delete = bench.api.delete
    bench.api.delete = refuse  # type: ignore[method-assign, assignment]
    assert await bench.passes(4) == [("unmoved",), ("unmoved",), ILL, ILL]
    assert (list(bench.api.existing), bench.word) == ([OURS], "degraded")
    bench.api.delete = delete  # type: ignore[method-assign]
    bench.api.unmoved = False
    assert await bench.passes(1) == [("renewed",)], "each pass asks for a renewal first"


async def test_f_a_deleted_one_that_is_still_listed_is_not_deleted_again(bench: Bench) -> None:
    stalls(bench, None, days=5)
    await bench.passes(MIN_PASSES - 1)

    async def accepted(subscription_id: str) -> None:
        bench.api.deleted.append(subscription_id)

    bench.api.delete = accepted  # type: ignore[method-assign]
    [end] = await bench.passes(1)
    assert end == Transient(Reason.GRAPH_UNAVAILABLE, "409 for a subscription that is not there")
    assert bench.api.deleted == [OURS]


async def test_f_what_was_kept_says_whether_it_is_degraded_and_nothing_is_renewed_unasked(bench: Bench) -> None:
    keeper = Keeper(bench.api, bench.control, bench.queues, DESIRED, bench.clock)
    bench.exists(LIVE)
    assert not (await keeper.keep()).degraded
    assert bench.api.renewed == []
    bench.api.unmoved = True
    kept = await keeper.keep(renew=True)
    assert (kept.subscription, kept.degraded) == (LIVE, True)
    bench.control.records[SUBSCRIPTION] = Record({"id": OURS, "fingerprint": "fingerprint"}, "0")
    bench.api.unmoved, bench.api.forgetful = False, True
    assert [(await keeper.keep(renew=True)).degraded for _ in range(2)] == [False, True], "a read may lag behind"


async def test_f_a_renewal_that_could_not_be_noted_is_sent_all_the_same(bench: Bench) -> None:
    bench.exists(LIVE)
    bench.control.contended = {SUBSCRIPTION}
    assert await bench.passes(1, renew=True) == [("renewed",)]


async def test_a_removal_finds_what_the_list_omits(bench: Bench) -> None:
    bench.exists(LIVE, unlisted=True)
    keeper = Keeper(bench.api, bench.control, bench.queues, DESIRED, bench.clock)
    assert await keeper.remove() == (OURS,)


async def test_f_a_renewal_of_one_that_is_not_listed_any_more_is_not_tried_twice(bench: Bench) -> None:
    """The list shows what is gone, and so does the 409: nothing here comes to rest by trying harder."""
    bench.exists(replace(LIVE, expires=NOW + timedelta(days=1)))

    async def gone(subscription_id: str, _: datetime) -> None:
        bench.api.renewed.append(subscription_id)

    bench.api.renew = gone  # type: ignore[method-assign, assignment]
    [end] = await bench.passes(1)
    assert end == Transient(Reason.GRAPH_UNAVAILABLE, "the subscription does not come to rest")
    assert bench.api.renewed == [OURS]


async def test_a_409_for_one_that_is_not_there_is_tried_later(bench: Bench) -> None:
    asked = 0

    async def taken(_: datetime) -> Subscription:
        nonlocal asked
        asked += 1
        raise AlreadySubscribed(OTHER)

    bench.api.create = taken  # type: ignore[method-assign, assignment]
    [end] = await bench.passes(1)
    assert end == Transient(Reason.GRAPH_UNAVAILABLE, "409 for a subscription that is not there")
    assert asked == 2


@pytest.mark.parametrize("failure", [ILL, DENIED])
async def test_an_app_that_cannot_even_ask_for_its_first_subscription_misses_one(
    bench: Bench, failure: Failure
) -> None:
    bench.api.failing = failure
    await bench.passes(2)
    noted = bench.control.records[SUBSCRIPTION].values
    assert (bench.word, noted["missingSince"], noted["problem"]) == ("missing", NOW.isoformat(), failure.detail)


async def test_a_list_that_fails_once_does_not_make_a_live_one_missing(bench: Bench) -> None:
    bench.exists(LIVE)
    await bench.passes(1)
    bench.api.failing = ILL
    assert await bench.passes(1) == [ILL]
    noted = bench.control.records[SUBSCRIPTION].values
    assert (bench.word, noted["missingSince"], noted["problem"]) == ("live", None, "503")


@pytest.mark.parametrize("remembered", ["../../users", "x", 7, ""])
async def test_what_is_remembered_is_asked_for_only_if_it_is_an_id(bench: Bench, remembered: object) -> None:
    bench.control.records[SUBSCRIPTION] = Record({"id": remembered, "fingerprint": "fingerprint"}, "0")
    assert await bench.passes(1) == [("created",)]
