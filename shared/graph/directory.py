"""Users and their authentication methods: the Directory port over Graph's JSON batches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.errors import Failure, GraphFailed, NotFound, Transient
from shared.graph import requests
from shared.graph.answers import body_of, values_of
from shared.graph.batch import Answers, Part, send_parts
from shared.graph.client import Answer, GraphClient
from shared.graph.readings import read_methods, read_phones, read_preference, read_state, read_user
from shared.graph.replies import Reply
from shared.graph.scope import scope_parts, with_scope
from shared.models import DirectoryUser, Observation, Reason, object_id
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import Policy
from shared.ports import Written


class GraphDirectory:
    """Gathers what the policy needs to know, and nothing else: what is not asked needs no permission."""

    def __init__(self, client: GraphClient, policy: Policy, background: bool = False) -> None:
        self._client = client
        self._policy = policy
        self._background = background

    def in_background(self) -> "GraphDirectory":
        """See the port."""
        return GraphDirectory(self._client, self._policy, background=True)

    async def observe(self, user_ids: Sequence[str]) -> Mapping[str, Observation | Failure]:
        """See the port."""
        parts = [part for user_id in user_ids for part in self._reads(_checked(user_id))]
        answers = await send_parts(self._client, parts, self._background)
        return {user_id: self._observation(user_id, answers) for user_id in user_ids}

    async def write(self, actions: Mapping[str, Action]) -> Mapping[str, Written]:
        """See the port."""
        sdk = self._client.sdk
        parts = [requests.write_part(sdk, _checked(user_id), action) for user_id, action in actions.items()]
        answers = await send_parts(self._client, parts, self._background)
        return {user_id: self._written(answers[user_id, "write"]) for user_id in actions}

    async def read_back(
        self, seen: Mapping[str, Observation], written: Mapping[str, Action]
    ) -> Mapping[str, Observation | Failure]:
        """See the port."""
        parts = [part for user_id, action in written.items() for part in self._reads_after(_checked(user_id), action)]
        answers = await send_parts(self._client, parts, self._background)
        return {user_id: self._renewed(seen[user_id], answers) for user_id in written}

    async def find(self, user_principal_name: str) -> str | None:
        """See the port."""
        answer = await self._client.send(requests.get_user(self._client.sdk, user_principal_name, ("id",)))
        try:
            return object_id(body_of(self._client, answer).get("id"))
        except GraphFailed as error:
            if isinstance(error.failure, NotFound):
                return None
            raise

    def _reads(self, user_id: str) -> list[Part]:
        sdk = self._client.sdk
        parts = [*self._class(user_id), requests.phones_part(sdk, user_id), requests.methods_part(sdk, user_id)]
        if self._policy.mfa_state:
            parts.append(requests.requirements_part(user_id))
        if self._policy.default_method:
            parts.append(requests.preference_part(user_id))
        return parts

    def _class(self, user_id: str) -> list[Part]:
        """What tells whether this user may be touched at all."""
        sdk = self._client.sdk
        return [requests.user_part(sdk, user_id), *scope_parts(sdk, user_id, self._policy)]

    def _reads_after(self, user_id: str, action: Action) -> list[Part]:
        """What was written, and, while a further write may follow, whether the user may still be touched."""
        match action:
            case AddPhone() | UpdatePhone():
                return [*self._class(user_id), requests.phones_part(self._client.sdk, user_id)]
            case SetDefaultMethod():
                return [*self._class(user_id), requests.preference_part(user_id)]
            case SetMfaState():
                return [requests.requirements_part(user_id)]

    def _observation(self, user_id: str, answers: Answers) -> Observation | Failure:
        try:
            body_of(self._client, answers[user_id, "user"])
        except GraphFailed as error:
            return error.failure
        empty = Observation(DirectoryUser(user_id), (), frozenset(), None)
        observed = self._renewed(empty, answers)
        if isinstance(observed, NotFound):
            # the user is there but its authentication is not: that is replication, not deletion
            return Transient(Reason.NOT_FOUND_YET, observed.detail)
        return observed

    def _renewed(self, seen: Observation, answers: Answers) -> Observation | Failure:
        """The observation with every part that was answered; the first failure otherwise."""
        told = {name: answer for (user_id, name), answer in answers.items() if user_id == seen.user.id}
        try:
            return with_scope(self._client, self._with_methods(seen, told), told)
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
        if "requirements" in told:
            seen = replace(seen, mfa_state=read_state(body_of(client, told["requirements"])))
        if "preference" in told:
            seen = replace(seen, preference=read_preference(body_of(client, told["preference"])))
        return seen

    def _written(self, answer: Answer) -> Written:
        if not isinstance(answer, Reply):
            return Written(None, answer)
        return Written(answer.request_id, None if answer.ok else answer.failure(self._client.now))


def _checked(user_id: str) -> str:
    """An id on its way into a URL. Raises ValueError for anything but an object id."""
    checked = object_id(user_id)
    if checked is None:
        raise ValueError("not an object id")
    return checked
