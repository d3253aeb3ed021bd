"""Removing what the run created, and naming what could not be removed."""

import asyncio
import time
from dataclasses import dataclass

from azure.core.exceptions import AzureError

from dev.verify_tenant.bench import DELETION_ORDER, Tenant, listed_ids
from dev.verify_tenant.exchange import Answer, Request
from dev.verify_tenant.graph import Session
from dev.verify_tenant.judgement import summary

MAX_PAGES = 20
GONE = frozenset({204, 404})


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something of this run that is still there, and the commands that remove it."""

    what: str
    why: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cleaner:
    """The cleanup of one run. `patience`: seconds that the directory may take to follow a deletion."""

    session: Session
    tenant: Tenant
    patience: float
    poll: float

    async def clean(self) -> tuple[Leftover, ...]:
        """Remove subscriptions, phones and users; what is left."""
        try:
            return await self._clean()
        except AzureError as error:
            # without a token nothing can be removed from here: name all of it
            return tuple(self._named(f"no token: {type(error).__name__}"))

    async def _clean(self) -> tuple[Leftover, ...]:
        await self._find_lost()
        left = [await self._subscription(each) for each in sorted(self.session.ours.subscriptions)]
        left += [await self._user(each) for each in sorted(self.session.ours.users)]
        return tuple(item for item in left if item)

    def _named(self, why: str) -> list[Leftover]:
        ours = self.session.ours
        left = [self._left_subscription(each, why) for each in sorted(ours.subscriptions)]
        left += [self._left_user(each, why) for each in sorted(ours.users)]
        return left + [self._left_user(each, why) for each in sorted(ours.announced_names - ours.settled_names)]

    async def _find_lost(self) -> None:
        """Adopt what Graph may have made although its answer was lost: it carries the marks of this run."""
        ours = self.session.ours
        for name in sorted(ours.announced_names - ours.settled_names):
            found = await self._find_user(name)
            if found.ok and str(found.field("userPrincipalName")).lower() == name.lower():
                ours.own_user(str(found.field("id")))
        if ours.run:
            await self._find_subscriptions(ours.run)

    async def _find_user(self, name: str) -> Answer:
        """Look for a user whose creation was not answered; a new one takes a while to be there."""
        started = time.monotonic()
        while True:
            answer = await self._read(f"/users/{name}?$select=id,userPrincipalName")
            if answer.ok or time.monotonic() - started > self.patience:
                return answer
            await asyncio.sleep(self.poll)

    async def _find_subscriptions(self, run: str) -> None:
        path = "/subscriptions"
        for _ in range(MAX_PAGES):
            listed = await self._read(path)
            for item in listed.values:
                if run in str(item.get("notificationUrl")):
                    self.session.ours.own_subscription(str(item.get("id")))
            link = listed.field("@odata.nextLink")
            prefix = f"{self.session.graph_url}/v1.0"
            if not isinstance(link, str) or not link.startswith(f"{prefix}/"):
                return
            path = link.removeprefix(prefix)

    async def _read(self, path: str) -> Answer:
        return await self.session.send(Request("GET", path))

    async def _delete(self, path: str) -> Answer:
        return await self.session.send(Request("DELETE", path))

    async def _subscription(self, identifier: str) -> Leftover | None:
        answer = await self._delete(f"/subscriptions/{identifier}")
        return None if answer.status in GONE else self._left_subscription(identifier, summary(answer))

    async def _user(self, identifier: str) -> Leftover | None:
        """Phones first: a number that a deleted user keeps can stand in another one's way for 30 days."""
        address = f"/users/{identifier}"
        phones = await self._read(f"{address}/authentication/phoneMethods")
        for method_id in DELETION_ORDER:
            if method_id in listed_ids(phones):
                await self._delete(f"{address}/authentication/phoneMethods/{method_id}")
        deleted = await self._delete(address)
        if deleted.status not in GONE:
            return self._left_user(identifier, summary(deleted))
        purged = await self._purge(identifier)
        return None if purged.status == 204 else self._left_user(identifier, summary(purged))

    async def _purge(self, identifier: str) -> Answer:
        """Delete for good; the deleted item can take a while to be there."""
        started = time.monotonic()
        while True:
            answer = await self._delete(f"/directory/deletedItems/{identifier}")
            if answer.status != 404 or time.monotonic() - started > self.patience:
                return answer
            await asyncio.sleep(self.poll)

    def _command(self, path: str) -> str:
        return f'az rest --method DELETE --url "{self.session.graph_url}/v1.0{path}"'

    def _left_user(self, identifier: str, why: str) -> Leftover:
        commands = (self._command(f"/users/{identifier}"), self._command(f"/directory/deletedItems/{identifier}"))
        return Leftover(f"the user {identifier}", why, commands)

    def _left_subscription(self, identifier: str, why: str) -> Leftover:
        return Leftover(f"the subscription {identifier}", why, (self._command(f"/subscriptions/{identifier}"),))
