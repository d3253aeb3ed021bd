"""What a check works with: the session, the throw-away user, and the small steps that most checks begin with."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from dev.verify_tenant.check import NotTried, Trace
from dev.verify_tenant.exchange import Answer, Exchange, Json, Request
from dev.verify_tenant.graph import Session
from dev.verify_tenant.identity import Identity
from dev.verify_tenant.judgement import summary
from dev.verify_tenant.numbers import Number
from dev.verify_tenant.options import Options
from dev.verify_tenant.webhook import Webhook

MOBILE_ID = "3179e48a-750b-4051-897c-87b9720928f7"
ALTERNATE_ID = "b6332ec1-7057-4abe-9331-3d72feddfe41"
OFFICE_ID = "e37fc753-ff3b-4958-9484-eaa9425c82bc"
"""https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod"""

DELETION_ORDER = (ALTERNATE_ID, OFFICE_ID, MOBILE_ID)
"""The mobile phone last: others may depend on it."""

BETA = "beta"


@dataclass(slots=True)
class Tenant:
    """The tenant as the run knows it, and the user that it made."""

    id: str = ""
    display_name: str = ""
    domains: tuple[str, ...] = ()
    user_id: str = ""
    user_name: str = ""
    created_at: float = 0.0
    subscription_id: str = ""

    @property
    def domain(self) -> str:
        """The default domain; empty before it is known."""
        return next(iter(self.domains), "")


@dataclass(slots=True)
class Bench:
    """One check's view of the run. `bare` is the session of the identity without permissions, if there is one."""

    session: Session
    tenant: Tenant
    identity: Identity
    options: Options
    trace: Trace = field(default_factory=Trace)
    webhook: Webhook | None = None
    bare: Session | None = None
    instruct: Callable[[str], None] = print

    # --- asking ------------------------------------------------------------------------------------------------------

    async def ask(
        self,
        label: str,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        version: str = "v1.0",
        headers: Mapping[str, str] | None = None,
        authorization: str | None = None,
        patient: bool = True,
    ) -> Answer:
        """Send what the check is about, and keep the answer under `label`."""
        request = Request(method, path, body, version, headers or {})
        answer = await self.session.send(request, authorization=authorization, patient=patient)
        return self.note(label, request, answer)

    def note(self, label: str, request: Request, answer: Answer) -> Answer:
        """Keep an exchange; one with a label is judged."""
        self.trace.exchanges.append(Exchange(label, request, answer))
        if label:
            self.trace.answers[label] = answer
        return answer

    async def prepare(
        self, method: str, path: str, body: Json | None = None, *, version: str = "v1.0", fits: tuple[int, ...] = ()
    ) -> Answer:
        """Send what must be so before the question. Raises NotTried when it is not answered well."""
        request = Request(method, path, body, version)
        answer = self.note("", request, await self.session.send(request))
        if not answer.ok and answer.status not in fits:
            raise NotTried(f"preparation failed: {method} {path} answered {summary(answer)}")
        return answer

    async def until(self, method: str, path: str, fits: Callable[[Answer], bool], *, version: str = "v1.0") -> float:
        """Read again and again until the answer fits; the seconds it took. Raises NotTried when patience ends."""
        started = time.monotonic()
        while True:
            request = Request(method, path, version=version)
            answer = await self.session.send(request)
            waited = time.monotonic() - started
            if fits(answer) or waited > self.options.patience:
                self.note("", request, answer)
            if fits(answer):
                return waited
            if waited > self.options.patience:
                raise NotTried(f"not within {self.options.patience:g} s: {method} {path}")
            await asyncio.sleep(self.options.poll_seconds)

    async def happens(self, question: Callable[[], Awaitable[bool]], seconds: float) -> float | None:
        """Ask again and again until yes; the seconds it took, None when it was no for `seconds`."""
        started = time.monotonic()
        while True:
            yes = await question()
            waited = time.monotonic() - started
            if yes:
                return waited
            if waited > seconds:
                return None
            await asyncio.sleep(self.options.poll_seconds)

    def measure(self, name: str, value: float) -> None:
        """Keep a time or a count."""
        self.trace.measures[name] = round(value, 2)

    def fact(self, name: str, value: bool) -> None:
        """Keep what a series of answers comes to."""
        self.trace.facts[name] = value

    def stranger(self) -> str:
        """An id that nothing has."""
        return self.session.ours.make_up(str(uuid.uuid4()))

    # --- the user ----------------------------------------------------------------------------------------------------

    @property
    def user(self) -> str:
        """The address of the throw-away user."""
        return f"/users/{self.tenant.user_id}"

    @property
    def phones(self) -> str:
        """The address of its phones."""
        return f"{self.user}/authentication/phoneMethods"

    def phone(self, method_id: str = MOBILE_ID) -> str:
        """The address of one phone."""
        return f"{self.phones}/{method_id}"

    def authentication(self, name: str) -> str:
        """An address below `authentication`."""
        return f"{self.user}/authentication/{name}"

    async def without_phones(self) -> None:
        """Take every phone away, and wait until the list shows none."""
        listed = await self.prepare("GET", self.phones)
        ids = {str(item.get("id", "")).lower() for item in listed.values}
        for method_id in DELETION_ORDER:
            if method_id in ids:
                await self.prepare("DELETE", self.phone(method_id), fits=(404,))
        if ids:
            await self.until("GET", self.phones, lambda answer: answer.ok and not answer.values)

    async def with_mobile(self, number: Number) -> None:
        """Have one mobile phone and no other, and wait until the list shows it."""
        await self.without_phones()
        await self.prepare("POST", self.phones, mobile(number.spaced))
        await self.until("GET", self.phones, lambda answer: MOBILE_ID in listed_ids(answer))


def mobile(text: str, phone_type: str = "mobile") -> Json:
    """The documented body of a phone."""
    return {"phoneNumber": text, "phoneType": phone_type}


def listed_ids(answer: Answer) -> set[str]:
    """The ids of a list, in lower case."""
    return {str(item.get("id", "")).lower() for item in answer.values}
