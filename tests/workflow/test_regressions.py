"""What the stories (tests/stories) have found once, each as small as it gets."""

from dataclasses import replace
from datetime import timedelta

from shared.looks import answered
from shared.memory import Memory
from shared.messages import Message
from shared.models import Cause, Outcome
from shared.policy import Mode
from tests.workflow.test_reconcile import ANNA, APPLY, Bench


async def test_what_only_mode_plan_keeps_from_being_written_does_not_begin_to_wait_anew() -> None:
    bench = Bench()
    anna = bench.person()
    await bench.look()
    anna.user = replace(anna.user, mobile_phone="06 87654321")
    assert await bench.look() == {ANNA: Outcome.HELD}
    bench.clock.advance(hours=25)
    bench.policy = replace(APPLY, mode=Mode.PLAN)
    assert [await bench.look() for _ in range(3)] == [{ANNA: Outcome.PLANNED}] * 3
    bench.policy = APPLY
    assert await bench.look() == {ANNA: Outcome.DONE}


async def test_a_message_of_the_very_millisecond_in_which_the_look_began_is_not_older_than_it() -> None:
    began = Bench().clock() + timedelta(microseconds=189_391)
    at_once = Message((ANNA,), Cause.RETRY, int(began.timestamp() * 1000))
    assert not answered(Memory(ANNA, looked_at=began), at_once)
    assert answered(Memory(ANNA, looked_at=began), replace(at_once, received=at_once.received - 1))
