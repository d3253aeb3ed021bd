"""The keeper ends with exactly one healthy subscription, whatever it finds."""

import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from shared.errors import AlreadySubscribed, GraphFailed, Transient
from shared.messages import Chore
from shared.models import Reason
from shared.ports import SUBSCRIPTION, Record
from shared.subscription_rules import LIFETIME, RENEW_BELOW, Desired, Subscription, subscription_word
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

    @property
    def remembered(self) -> object:
        return self.control.records[SUBSCRIPTION].values["id"]


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
    assert len(bench.api.created) == MOST_STEPS


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
