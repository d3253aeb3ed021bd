"""One run, from the seed to the exit code."""

import asyncio
import json
import secrets
import shutil
import time
from collections import Counter
from pathlib import Path

from dev.chaos.host_logs import read_logs
from dev.chaos.options import Options
from dev.chaos.parts import Parts, running_parts
from dev.chaos.performer import Performer
from dev.chaos.phases import plan_phases
from dev.chaos.progress import Screen
from dev.chaos.script import write_script
from dev.chaos.settling import Settling
from dev.chaos.verdict import Judgement, Report, judge_everyone, seconds_in_words
from dev.demo.interrupt import Interrupt
from dev.host.launcher import ROOT

FOLDER = ROOT / ".local" / "chaos"
KEPT_RUNS = 4
SUBSCRIBE_AGAIN_SECONDS = 10.0
LONGEST_LOOK_SECONDS = 10.0
"""From the first read to the first write, with a slow Graph."""


class Chaos:
    """`run` gives the exit code: 0 all is right, 1 not so, 128 and more: ended by a signal before that."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._folder = _new_folder()
        self._screen = Screen()
        self._report = Report()
        self._code: int | None = None

    async def run(self) -> int:
        """All of it."""
        interrupt = Interrupt(self._screen.say)
        options = self._options
        self._screen.say(f"seed {options.seed}: {options.people} people, {options.seconds:g} s, {options.hosts} hosts")
        try:
            async with running_parts(options, self._folder) as parts:
                await self._with(parts)
        except* asyncio.CancelledError:
            pass  # asked for: see interrupt.number
        return 128 + interrupt.number if self._code is None else self._code

    async def _with(self, parts: Parts) -> None:
        began = time.monotonic()
        await parts.tenant.judge_instances(LONGEST_LOOK_SECONDS)
        await self._subscribe(parts)
        performer = Performer(parts.tenant, parts.app, asyncio.get_running_loop().time())
        await self._torment(parts, performer)
        self._screen.say("no more faults, no more kills: one sweep, and then everybody has to come to rest")
        settling = Settling(parts, self._screen.say)
        first = await self._settle(parts, performer, settling)
        last = first if first.good else await self._tell_again(parts, performer, settling, first)
        self._report.figures = await self._figures(parts, performer, settling, first, last, time.monotonic() - began)
        self._report.tell(last)
        self._conclude(last)
        if not last.good:
            await self._keep_evidence(parts, last)

    async def _subscribe(self, parts: Parts) -> None:
        while not await parts.tenant.subscriptions():
            await parts.app.fire("keep_subscription")
            for _ in range(int(SUBSCRIBE_AGAIN_SECONDS * 10)):
                if await parts.tenant.subscriptions():
                    break
                await asyncio.sleep(0.1)

    async def _torment(self, parts: Parts, performer: Performer) -> None:
        options, loop = self._options, asyncio.get_running_loop()

        def killed_enough() -> bool:
            return loop.time() - performer.began >= options.kill_seconds

        def standing() -> str:
            done, crew = sum(performer.done.values()), parts.crew.counts
            kills = f"{crew['kill -9']} kills, {crew['restarts']} restarts, {len(parts.crew.living())} hosts up"
            return f"[{performer.phase}] {len(performer.came)} people, {done} events, {kills}"

        async with asyncio.TaskGroup() as group:
            aside = [group.create_task(performer.timers(options)), group.create_task(self._screen.watch(standing))]
            async with asyncio.TaskGroup() as work:
                work.create_task(performer.play(write_script(options)))
                work.create_task(performer.trouble(plan_phases(options), options.seconds, self._screen.say))
                work.create_task(parts.crew.harass(options, killed_enough))
            for task in aside:
                task.cancel()

    async def _settle(self, parts: Parts, performer: Performer, settling: Settling) -> Judgement:
        await parts.app.fire("keep_subscription")
        await settling.quiet()
        await settling.sweep()
        await settling.rest()
        living = {user_id for user_id, user in (await parts.tenant.everyone()).items() if user["life"] == "active"}
        await settling.help(lambda: living)
        return await judge_everyone(parts, performer)

    async def _tell_again(self, parts: Parts, performer: Performer, settling: Settling, first: Judgement) -> Judgement:
        """People's own acts whose notification was lost are found by a sweep over everyone, and by nothing else."""
        if not first.untold:
            return first
        self._screen.say(f"{len(first.untold)} people acted and the app was never told: a sweep over everyone")
        await settling.full_sweep()
        await settling.rest()
        return (await judge_everyone(parts, performer)).after(first)

    async def _figures(
        self,
        parts: Parts,
        performer: Performer,
        settling: Settling,
        first: Judgement,
        last: Judgement,
        seconds: float,
    ) -> dict[str, object]:
        counts, stats = (await parts.tenant.notifications())["counts"], await parts.tenant.stats()
        told = read_logs(parts.crew.logs())
        return {
            "seed": self._options.seed,
            "duration": f"{seconds:.0f} s, of which {self._options.seconds:.0f} s with faults",
            "people": len(performer.came),
            "events": dict(performer.done),
            "events that were impossible": performer.void,
            "notifications": counts,
            "front's answers": {str(status): number for status, number in sorted(parts.front.answers.items())},
            "faults by rule": dict(performer.hits),
            "subscriptions lost": performer.subscriptions_lost,
            "Graph requests": {name: stats[name] for name in ("total", "throttled", "requestsBeforeRetryAfter")},
            "hosts": dict(parts.crew.counts),
            "looks that failed": told.failed,
            "most failed looks at one person": told.most,
            "audited writes": last.audited.looks,
            "written because of a sweep": len(last.audited.by_sweep),
            "found only by a sweep over everyone": len(first.untold),
            "looks an operator asked for": len(settling.helped),
            "and why": dict(Counter(settling.helped.values())),
            "parked": len(last.parked),
            "creation to phone, seconds": seconds_in_words(last.phone_seconds),
            "in the queues": await parts.storage.lengths(),
            "races (another hand first)": last.races,
            "removed before anybody could know": last.unknowable,
            "violations": len(last.violations),
            "not as they must be": len(last.unfit),
        }

    def _conclude(self, judgement: Judgement) -> None:
        self._screen.show(self._report.figures)
        for problem in self._report.problems:
            self._screen.console.print(f"  {problem}", soft_wrap=True)
        words = "All is right." if judgement.good else f"Not all is right. Evidence: {self._folder.relative_to(ROOT)}"
        self._screen.console.print(f"\n{words}", soft_wrap=True)
        if self._options.report:
            self._options.report.write_text(json.dumps(self._report.as_json(), indent=1) + "\n")
        self._code = 0 if judgement.good else 1

    async def _keep_evidence(self, parts: Parts, judgement: Judgement) -> None:
        """Everything about everyone who is wrong: the journal with reads, the audit, the ledger row."""
        ledger, audit = await parts.storage.ledger(), await parts.storage.audit()
        wrong = {unfit.user_id for unfit in judgement.unfit} | {user for user, _ in judgement.audited.problems}
        wrong |= {item["user"] for item in judgement.violations if item["user"]}
        for user in sorted(wrong):
            evidence = {
                "ledger": ledger[user].values if user in ledger else None,
                "audit": [row for row in audit if row["PartitionKey"] == user],
                "journal": await parts.tenant.shown(user),
            }
            (self._folder / f"{user}.json").write_text(json.dumps(evidence, indent=1, default=str))


def _new_folder() -> Path:
    """A folder for this run's logs and evidence; the oldest ones go."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    runs = sorted((path for path in FOLDER.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in runs[:-KEPT_RUNS]:
        shutil.rmtree(old, ignore_errors=True)
    folder = FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    folder.mkdir()
    return folder
