"""What gave up is recorded with its reason and stays replayable."""

import hashlib
from dataclasses import replace

from shared.errors import UnreadableMessage
from shared.messages import Message, encode
from shared.models import Cause, Outcome, Reason
from shared.poisoned import PoisonKeeper
from shared.ports import Parked
from tests.fakes import NOW, FakeClock, FakeLedger, FakeParking

ANNA = "aaaaaaaa-0000-4000-8000-000000000001"
BOB = "bbbbbbbb-0000-4000-8000-000000000002"


def keeper() -> tuple[PoisonKeeper, FakeLedger, FakeParking, FakeClock]:
    ledger, parking, clock = FakeLedger(), FakeParking(), FakeClock()
    return PoisonKeeper(ledger, parking, clock), ledger, parking, clock


async def test_every_user_of_a_poison_message_is_parked() -> None:
    poison, ledger, parking, _ = keeper()
    assert await poison.take(encode(Message((ANNA, BOB), Cause.SWEEP, 1)), attempts=5) == (ANNA, BOB)
    for user_id in (ANNA, BOB):
        assert ledger.memories[user_id].outcome is Outcome.PARKED
        assert ledger.memories[user_id].reasons == (Reason.POISON,)
        assert parking.items[user_id].users == (user_id,)
        assert parking.items[user_id].attempts == 5


async def test_a_second_time_keeps_the_first_moment() -> None:
    poison, _, parking, clock = keeper()
    text = encode(Message((ANNA,), Cause.SWEEP, 1))
    await poison.take(text, attempts=5)
    clock.advance(hours=1)
    await poison.take(text, attempts=5)
    assert (parking.items[ANNA].first_at, parking.items[ANNA].last_at) == (NOW, clock())


async def test_an_unreadable_message_is_parked_by_digest_and_keeps_ids_but_no_text() -> None:
    poison, _, parking, _ = keeper()
    text = f'{{"version": 99, "users": ["{ANNA}"], "phone": "+31 612345678"}}'
    assert await poison.take(text, attempts=1) == (ANNA,)
    [item] = parking.items.values()
    assert item.key.startswith("message-")
    assert (item.reason, item.users) == ("unreadable", (ANNA,))
    assert "612345678" not in repr(item)


async def test_garbage_without_an_id_is_recorded_too() -> None:
    poison, _, parking, _ = keeper()
    assert await poison.unreadable("\x00garbage", UnreadableMessage("not JSON")) == ()
    [item] = parking.items.values()
    assert item.users == ()
    assert "9" not in item.key or item.advice


async def test_a_look_that_finished_meanwhile_wins() -> None:
    poison, ledger, parking, _ = keeper()
    memory = (await ledger.load([ANNA]))[ANNA]

    def somebody_finishes(_: object) -> None:
        ledger.memories[ANNA] = replace(memory, outcome=Outcome.DONE, version="somebody's")

    ledger.before_save = somebody_finishes
    await poison.take(encode(Message((ANNA,), Cause.SWEEP, 1)), attempts=5)
    assert ledger.memories[ANNA].outcome is Outcome.DONE
    assert parking.items == {}


async def test_all_that_an_operator_reads_of_a_user_who_gave_up() -> None:
    poison, _, parking, _ = keeper()
    await poison.take(encode(Message((ANNA,), Cause.SWEEP, 1)), attempts=5)
    advice = "the function failed on this message five times: see its exceptions, then replay"
    assert parking.items[ANNA] == Parked(ANNA, "poison", (ANNA,), NOW, NOW, 5, advice)


async def test_all_that_an_operator_reads_of_a_message_that_nobody_understands() -> None:
    poison, _, parking, _ = keeper()
    text = "half a number \ud83d and nothing else"
    await poison.unreadable(text, UnreadableMessage("not JSON", (ANNA,)))
    key = "message-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
    advice = f"a message of {len(text)} characters was not readable (not JSON): find out who sends such"
    assert parking.items == {key: Parked(key, "unreadable", (ANNA,), NOW, NOW, 1, advice)}
