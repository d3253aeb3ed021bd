"""Users and their authentication methods: the Directory port over Graph's JSON batches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.errors import Failure, GraphFailed, NotFound, Transient
from shared.graph import requests
from shared.graph.batch import Answers, Part, send_parts
from shared.graph.client import Answer, GraphClient
from shared.graph.readings import read_methods, read_phones, read_preference, read_state, read_user
from shared.graph.replies import Reply
from shared.models import Observation, Reason, object_id
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import Policy
from shared.ports import Written


class GraphDirectory:
    """Gathers what the policy needs to know, and nothing else: what is not asked needs no permission."""

    def __init__(self, client: GraphClient, policy: Policy) -> None:
        self._client = client
        self._policy = policy

    async def observe(self, user_ids: Sequence[str]) -> Mapping[str, Observation | Failure]:
        """See the port."""
        parts = [part for user_id in user_ids for part in self._reads(_checked(user_id))]
        answers = await send_parts(self._client, parts)
        return {user_id: self._observation(user_id, answers) for user_id in user_ids}

    async def write(self, actions: Mapping[str, Action]) -> Mapping[str, Written]:
        """See the port."""
        sdk = self._client.sdk
        parts = [requests.write_part(sdk, _checked(user_id), action) for user_id, action in actions.items()]
        answers = await send_parts(self._client, parts)
        return {user_id: self._written(answers[user_id, "write"]) for user_id in actions}

    async def read_back(
        self, seen: Mapping[str, Observation], written: Mapping[str, Action]
    ) -> Mapping[str, Observation | Failure]:
        """See the port."""
        parts = [self._read_after(_checked(user_id), action) for user_id, action in written.items()]
        answers = await send_parts(self._client, parts)
        return {user_id: self._renewed(seen[user_id], answers) for user_id in written}

    async def find(self, user_principal_name: str) -> str | None:
        """See the port."""
        answer = await self._client.send(requests.get_user(self._client.sdk, user_principal_name, ("id",)))
        try:
            return object_id(_body(self._client, answer).get("id"))
        except GraphFailed as error:
            if isinstance(error.failure, NotFound):
                return None
            raise

    def _reads(self, user_id: str) -> list[Part]:
        sdk = self._client.sdk
        parts = [builder(sdk, user_id) for builder in (requests.user_part, requests.phones_part, requests.methods_part)]
        if self._policy.mfa_state:
            parts.append(requests.requirements_part(user_id))
        if self._policy.default_method:
            parts.append(requests.preference_part(user_id))
        return parts

    def _read_after(self, user_id: str, action: Action) -> Part:
        match action:
            case AddPhone() | UpdatePhone():
                return requests.phones_part(self._client.sdk, user_id)
            case SetDefaultMethod():
                return requests.preference_part(user_id)
            case SetMfaState():
                return requests.requirements_part(user_id)

    def _observation(self, user_id: str, answers: Answers) -> Observation | Failure:
        try:
            user = _body(self._client, answers[user_id, "user"])
        except GraphFailed as error:
            return error.failure
        empty = Observation(read_user(user_id, user), (), frozenset(), None)
        observed = self._renewed(empty, answers)
        if isinstance(observed, NotFound):
            # the user is there but its authentication is not: that is replication, not deletion
            return Transient(Reason.NOT_FOUND_YET, observed.detail)
        return observed

    def _renewed(self, seen: Observation, answers: Answers) -> Observation | Failure:
        """The observation with every part that was answered; the first failure otherwise."""
        told = {name: answer for (user_id, name), answer in answers.items() if user_id == seen.user.id}
        try:
            if "phones" in told:
                seen = replace(seen, phones=read_phones(_values(self._client, told["phones"])))
            if "methods" in told:
                seen = replace(seen, methods=read_methods(_values(self._client, told["methods"])))
            if "requirements" in told:
                seen = replace(seen, mfa_state=read_state(_body(self._client, told["requirements"])))
            if "preference" in told:
                seen = replace(seen, preference=read_preference(_body(self._client, told["preference"])))
        except GraphFailed as error:
            return error.failure
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


def _body(client: GraphClient, answer: Answer) -> Mapping[str, Any]:
    """The JSON object of a good answer. Raises GraphFailed."""
    if not isinstance(answer, Reply):
        raise GraphFailed(answer)
    if not answer.ok or not isinstance(answer.body, dict):
        raise GraphFailed(answer.failure(client.now))
    return answer.body


def _values(client: GraphClient, answer: Answer) -> list[Any]:
    """The `value` list of a good answer. Raises GraphFailed."""
    body = _body(client, answer)
    value = body.get("value")
    if not isinstance(value, list) or "@odata.nextLink" in body:
        raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "a list of methods that is not whole"))
    return value
