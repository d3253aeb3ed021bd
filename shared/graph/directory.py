"""Users and their authentication methods: the Directory port over Graph's JSON batches."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, override

from shared.errors import Failure, GraphFailed, NotFound, Transient
from shared.graph import requests
from shared.graph.answers import body_of, values_of
from shared.graph.batch import Answers, Part, send_parts
from shared.graph.client import Answer, GraphClient, Service
from shared.graph.readings import read_methods, read_phones, read_preference, read_state, read_user
from shared.graph.replies import Reply
from shared.graph.roles import ROLES, RoleReader, TenantRoles
from shared.graph.scope import scope_parts, with_fresh_roles, with_scope
from shared.models import DirectoryUser, Observation, Reason, object_id
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import Policy
from shared.ports import Directory, Written


class GraphDirectory(Directory):
    """Gathers what the policy needs to know, and nothing else: what is not asked needs no permission."""

    def __init__(self, client: GraphClient, policy: Policy, roles: RoleReader, background: bool = False) -> None:
        self._client = client
        self._policy = policy
        self._roles = roles
        self._background = background

    @override
    def in_background(self) -> "GraphDirectory":
        return GraphDirectory(self._client, self._policy, self._roles, background=True)

    @override
    async def observe(
        self, user_ids: Sequence[str], about_to_write: Collection[str] = ()
    ) -> Mapping[str, Observation | Failure]:
        fresh = about_to_write if await self._may_ask_for_roles() else ()
        parts = [part for user_id in user_ids for part in self._reads(_checked(user_id), user_id in fresh)]
        lists_wanted = self._policy.exclude_privileged and not set(user_ids) <= set(fresh)
        answers, tenant = await asyncio.gather(
            send_parts(self._client, parts, self._background), self._tenant_roles(lists_wanted)
        )
        return {user_id: self._observation(user_id, answers, tenant) for user_id in user_ids}

    @override
    async def confirm(self, seen: Mapping[str, Observation]) -> Mapping[str, Observation | Failure]:
        stopped = await self._client.stopped(Service.ROLES)
        if stopped:
            return dict.fromkeys(seen, stopped)
        parts = [part for user_id in seen for part in self._roles.parts_about(_checked(user_id))]
        answers = await send_parts(self._client, parts, self._background)
        return {user_id: self._confirmed(observed, answers) for user_id, observed in seen.items()}

    @override
    async def write(self, actions: Mapping[str, Action]) -> Mapping[str, Written]:
        parts = [requests.write_part(_checked(user_id), action) for user_id, action in actions.items()]
        answers = await send_parts(self._client, parts, self._background)
        return {user_id: self._written(answers[user_id, "write"]) for user_id in actions}

    @override
    async def read_back(
        self, seen: Mapping[str, Observation], written: Mapping[str, Action]
    ) -> Mapping[str, Observation | Failure]:
        fresh = await self._may_ask_for_roles()
        parts = [
            part for user_id, action in written.items() for part in self._reads_after(_checked(user_id), action, fresh)
        ]
        answers = await send_parts(self._client, parts, self._background)
        return {user_id: self._renewed(seen[user_id], answers) for user_id in written}

    @override
    async def find(self, user_principal_name: str) -> str | None:
        answer = await self._client.send(requests.find_user(self._client.sdk, user_principal_name))
        try:
            return object_id(body_of(self._client, answer).get("id"))
        except GraphFailed as error:
            if isinstance(error.failure, NotFound):
                return None
            raise

    async def _may_ask_for_roles(self) -> bool:
        """Whether the policy cares, and the service of roles does not throttle just now."""
        return self._policy.exclude_privileged and not await self._client.stopped(Service.ROLES)

    async def _tenant_roles(self, wanted: bool) -> TenantRoles | Transient | None:
        return await self._roles.of_tenant() if wanted else None

    def _reads(self, user_id: str, fresh_roles: bool) -> list[Part]:
        parts = self._class(user_id, fresh_roles)
        parts += [requests.phones_part(self._client.sdk, user_id), requests.methods_part(user_id)]
        if self._policy.mfa_state:
            parts.append(requests.requirements_part(user_id))
        if self._policy.default_method:
            parts.append(requests.preference_part(user_id))
        return parts

    def _class(self, user_id: str, fresh_roles: bool) -> list[Part]:
        """What tells whether this user may be touched at all."""
        sdk = self._client.sdk
        roles = self._roles.parts_about(user_id) if fresh_roles else []
        return [requests.user_part(sdk, user_id), *scope_parts(sdk, user_id, self._policy), *roles]

    def _reads_after(self, user_id: str, action: Action, fresh_roles: bool) -> list[Part]:
        """What was written, and, while a further write may follow, whether the user may still be touched."""
        match action:
            case AddPhone() | UpdatePhone():
                return [*self._class(user_id, fresh_roles), requests.phones_part(self._client.sdk, user_id)]
            case SetDefaultMethod():
                return [*self._class(user_id, fresh_roles), requests.preference_part(user_id)]
            case SetMfaState():
                return [requests.requirements_part(user_id)]

    def _observation(
        self, user_id: str, answers: Answers, tenant: TenantRoles | Transient | None
    ) -> Observation | Failure:
        try:
            body_of(self._client, answers[user_id, "user"])
        except GraphFailed as error:
            return error.failure
        if isinstance(tenant, Transient) and (user_id, ROLES) not in answers:
            return tenant
        nothing = Observation(DirectoryUser(user_id), (), frozenset(), None)
        empty = replace(nothing, roles_are_fresh=not self._policy.exclude_privileged)
        observed = self._renewed(empty, answers, tenant if isinstance(tenant, TenantRoles) else None)
        if isinstance(observed, NotFound):
            # the user is there but its authentication is not: that is replication, not deletion
            return Transient(Reason.NOT_FOUND_YET, observed.detail)
        return observed

    def _renewed(self, seen: Observation, answers: Answers, tenant: TenantRoles | None = None) -> Observation | Failure:
        """The observation with every part that was answered; the first failure otherwise."""
        told = _about(seen.user.id, answers)
        try:
            return with_scope(self._client, self._roles, self._with_methods(seen, told), told, tenant)
        except GraphFailed as error:
            return error.failure

    def _confirmed(self, seen: Observation, answers: Answers) -> Observation | Failure:
        try:
            return with_fresh_roles(self._roles, seen, _about(seen.user.id, answers))
        except GraphFailed as error:
            return error.failure

    def _with_methods(self, seen: Observation, told: Mapping[str, Answer]) -> Observation:
        """The observation with what these answers tell of the user and its authentication. Raises GraphFailed."""
        client = self._client
        if "user" in told:
            seen = replace(seen, user=read_user(seen.user.id, body_of(client, told["user"])))
        if "phones" in told:
            seen = replace(seen, phones=read_phones(values_of(client, told["phones"])))
        if "methods" in told:
            seen = replace(seen, methods=read_methods(values_of(client, told["methods"])))
        seen = replace(seen, refused=tuple(problem for problem in seen.refused if problem.split(":")[0] not in told))
        state, seen = self._unless_refused("requirements", seen, told)
        if "requirements" in told:
            seen = replace(seen, mfa_state=read_state(state) if state is not None else None)
        preference, seen = self._unless_refused("preference", seen, told)
        if "preference" in told:
            seen = replace(seen, preference=read_preference(preference) if preference is not None else None)
        return seen

    def _unless_refused(
        self, name: str, seen: Observation, told: Mapping[str, Answer]
    ) -> tuple[Mapping[str, Any] | None, Observation]:
        """The body of this part; None where it was not asked for or is refused for this user, which is then noted.

        What Graph refuses here (400, 404) does not take the phone along. Raises GraphFailed for any other failure.
        """
        if name not in told:
            return None, seen
        try:
            return body_of(self._client, told[name]), seen
        except GraphFailed as error:
            failure = error.failure
            if isinstance(failure, NotFound) or failure.reason is Reason.GRAPH_REFUSED:
                return None, replace(seen, refused=(*seen.refused, f"{name}: {failure.detail}"))
            raise

    def _written(self, answer: Answer) -> Written:
        if not isinstance(answer, Reply):
            return Written(None, answer)
        return Written(answer.request_id, None if answer.ok else answer.failure(self._client.now))


def _about(user_id: str, answers: Answers) -> dict[str, Answer]:
    """One user's answers by name of the part."""
    return {name: answer for (about, name), answer in answers.items() if about == user_id}


def _checked(user_id: str) -> str:
    """An id on its way into a URL. Raises ValueError for anything but an object id."""
    checked = object_id(user_id)
    if checked is None:
        raise ValueError("not an object id")
    return checked
