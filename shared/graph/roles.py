"""Who holds a directory role, or may activate one.

Asked in two ways, with one meaning:

- **of the whole tenant**, kept for a few minutes: enough to find that nothing is to be done for a user, and to plan;
- **of one user**, in the moment before a write: the roles that this user has now.

The service of roles throttles on its own and early, so a look that writes nothing asks it nothing. Its 404 and 429 say
nothing about the user.

https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments (roles held)
https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityschedules (roles that may be activated)
https://learn.microsoft.com/graph/api/privilegedaccessgroup-list-eligibilityschedules (PIM for Groups: membership or
ownership of a group that can hold roles may be activated)
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.groups import groups_request_builder as groups
from msgraph.generated.role_management.directory.role_assignments import role_assignments_request_builder as active
from msgraph.generated.role_management.directory.role_eligibility_schedules import (
    role_eligibility_schedules_request_builder as eligible,
)

from shared.errors import GraphFailed, Transient
from shared.graph.answers import page_of
from shared.graph.batch import Part, send_parts
from shared.graph.client import Answer, GraphClient, Service
from shared.graph.replies import Reply
from shared.models import Reason, object_id

ROLES, ELIGIBLE, GROUP_ELIGIBLE = "roles", "eligibleRoles", "eligibleGroups"
"""The names of the parts, and of the facts that they tell."""

ROLE_PARTS = frozenset({ROLES, ELIGIBLE, GROUP_ELIGIBLE})

LIFE = timedelta(minutes=5)
"""How long a list of the tenant serves looks that write nothing."""

MAX_AGE = timedelta(hours=1)
"""How long it does while the service of roles throttles."""

MAX_PAGES = 500
"""Fifty thousand assignments at Graph's usual hundred a page. A longer list is not known whole."""

MAX_ASSIGNABLE_GROUPS = 1000
"""Entra admits 500 groups that can hold roles.

https://learn.microsoft.com/entra/identity/role-based-access-control/groups-concept
"""

NO_LICENCE = "aadpremiumlicenserequired"
"""Without Entra ID P2 there is no Privileged Identity Management, and nobody can be eligible for a role."""

NO_LICENCE_TEXTS = (
    "tenant needs to have microsoft entra id p2",
    "tenant needs an aad premium 2 license",
)
"""The two texts that have been seen with it. https://github.com/microsoft/Microsoft365DSC matches them, too."""

_TENANT, _ASSIGNABLE = "tenant", "roleAssignableGroups"

_ActiveQuery = active.RoleAssignmentsRequestBuilder.RoleAssignmentsRequestBuilderGetQueryParameters
_EligibleQuery = (
    eligible.RoleEligibilitySchedulesRequestBuilder.RoleEligibilitySchedulesRequestBuilderGetQueryParameters
)
_GroupsQuery = groups.GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters


@dataclass(frozen=True, slots=True)
class Fact[T]:
    """What an answer tells; `value` None: nothing, and `problem` says why ("403 accessDenied")."""

    value: T | None
    problem: str = ""


type RoleFacts = Mapping[str, Fact[bool]]
"""By name of the part: whether the user is privileged that way."""


@dataclass(frozen=True, slots=True)
class TenantRoles:
    """The ids of all principals with a role, and of all that may activate one, as read at `read_at`."""

    read_at: datetime
    principals: Mapping[str, Fact[frozenset[str]]] = field(repr=False)
    assignable: Fact[frozenset[str]] = field(repr=False)
    """The groups that can hold roles."""

    @property
    def is_whole(self) -> bool:
        """Whether every list could be read."""
        return all(fact.value is not None for fact in (*self.principals.values(), self.assignable))

    def about(self, user_id: str) -> RoleFacts:
        """What the lists tell of one user."""
        return {
            name: Fact(None if fact.value is None else user_id in fact.value, fact.problem)
            for name, fact in self.principals.items()
        }


class RoleReader:
    """Reads roles; one for each process, because it keeps the tenant's lists."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client
        self._known: TenantRoles | None = None
        self._reading = asyncio.Lock()

    async def of_tenant(self) -> TenantRoles | Transient:
        """The lists, at most `LIFE` old, or `MAX_AGE` while the service throttles; a Transient where there are none.

        Raises what storage raises.
        """
        async with self._reading:
            if self._is_younger_than(LIFE):
                return self._the_known()
            try:
                read = await self._client.stopped(Service.ROLES) or await self._read()
            except GraphFailed as error:
                read = _throttling(error)
            if isinstance(read, Transient):
                return self._the_known() if self._is_younger_than(MAX_AGE) else read
            if read.is_whole:
                self._known = read
            return read

    def parts_about(self, user_id: str) -> list[Part]:
        """What must be asked about one user. The id must be an object id."""
        directory, only = self._client.sdk.role_management.directory, f"principalId eq '{user_id}'"
        held = RequestConfiguration(query_parameters=_ActiveQuery(filter=only))
        offered = RequestConfiguration(query_parameters=_EligibleQuery(filter=only))
        requests = {
            ROLES: directory.role_assignments.to_get_request_information(held),
            ELIGIBLE: directory.role_eligibility_schedules.to_get_request_information(offered),
        }
        parts = [Part(user_id, name, request, service=Service.ROLES) for name, request in requests.items()]
        return [*parts, _group_eligibility(user_id, only)]

    def read_about(self, answers: Mapping[str, Answer]) -> RoleFacts:
        """What these answers about one user tell. Raises GraphFailed where the service throttles."""
        return {name: self._read_one(name, answer) for name, answer in answers.items() if name in ROLE_PARTS}

    def _is_younger_than(self, age: timedelta) -> bool:
        return self._known is not None and self._client.now() - self._known.read_at < age

    def _the_known(self) -> TenantRoles:
        if self._known is None:
            raise AssertionError("asked for lists that were never read")
        return self._known

    # --- one user ----------------------------------------------------------------------------------------------------

    def _read_one(self, name: str, answer: Answer) -> Fact[bool]:
        items = _listed(self._client, name, answer)
        if items.value is None:
            return Fact(None, items.problem)
        if name == GROUP_ELIGIBLE:
            return Fact(any(self._may_hold_roles(item) for item in items.value))
        # the filter did the work: whatever is in the list is a role of this user's
        return Fact(bool(items.value))

    def _may_hold_roles(self, schedule: Any) -> bool:
        """Whether the group of this schedule can hold roles; any group may, where the tenant's are not known."""
        known = self._known.assignable.value if self._known else None
        group = object_id(schedule.get("groupId")) if isinstance(schedule, dict) else None
        return known is None or group is None or group in known

    # --- the whole tenant --------------------------------------------------------------------------------------------

    async def _read(self) -> TenantRoles:
        """Raises GraphFailed where the service throttles."""
        read_at = self._client.now()
        answers = await send_parts(self._client, self._tenant_parts())
        lists = {name: await self._whole(name, answers[_TENANT, name]) for name in (ROLES, ELIGIBLE, _ASSIGNABLE)}
        held, offered = (_ids(lists[name], "principalId") for name in (ROLES, ELIGIBLE))
        assignable = _ids(lists[_ASSIGNABLE], "id")
        offered_by_groups = await self._eligible_for(assignable)
        return TenantRoles(read_at, {ROLES: held, ELIGIBLE: offered, GROUP_ELIGIBLE: offered_by_groups}, assignable)

    def _tenant_parts(self) -> list[Part]:
        sdk = self._client.sdk
        held = RequestConfiguration(query_parameters=_ActiveQuery(select=["principalId"]))
        offered = RequestConfiguration(query_parameters=_EligibleQuery(select=["principalId"]))
        # https://learn.microsoft.com/entra/identity/role-based-access-control/groups-view-assignments
        those = RequestConfiguration(query_parameters=_GroupsQuery(filter="isAssignableToRole eq true", select=["id"]))
        directory = sdk.role_management.directory
        return [
            Part(_TENANT, ROLES, directory.role_assignments.to_get_request_information(held), service=Service.ROLES),
            Part(
                _TENANT,
                ELIGIBLE,
                directory.role_eligibility_schedules.to_get_request_information(offered),
                service=Service.ROLES,
            ),
            Part(_TENANT, _ASSIGNABLE, sdk.groups.to_get_request_information(those)),
        ]

    async def _eligible_for(self, assignable: Fact[frozenset[str]]) -> Fact[frozenset[str]]:
        """Who may become a member or owner of one of these groups."""
        if assignable.value is None:
            return Fact(None, assignable.problem)
        if len(assignable.value) > MAX_ASSIGNABLE_GROUPS:
            return Fact(None, "more groups that can hold roles than Entra admits")
        found: set[str] = set()
        async for answer in self._schedules_of(sorted(assignable.value)):
            principals = _ids(await self._whole(GROUP_ELIGIBLE, answer), "principalId")
            if principals.value is None:
                return principals
            found |= principals.value
        return Fact(frozenset(found))

    async def _schedules_of(self, group_ids: Sequence[str]) -> AsyncIterator[Answer]:
        """The first group alone: where it may not be read, no other may."""
        for start, end in ((0, 1), (1, len(group_ids))):
            parts = [_group_eligibility(group, f"groupId eq '{group}'") for group in group_ids[start:end]]
            answers = (await send_parts(self._client, parts)).values() if parts else ()
            for answer in answers:
                yield answer
            if any(_is_hidden(answer) or has_no_licence(answer) for answer in answers):
                return

    async def _whole(self, name: str, answer: Answer) -> Fact[list[Any]]:
        """All pages of a list. Raises GraphFailed where the service throttles."""
        service = Service.DIRECTORY if name == _ASSIGNABLE else Service.ROLES
        items: list[Any] = []
        for _ in range(MAX_PAGES):
            if name != _ASSIGNABLE and _tells_nobody(name, answer):
                return Fact(items)
            try:
                page, link = page_of(self._client, answer)
            except GraphFailed as error:
                return _unknown(error)
            items += page
            if link is None:
                return Fact(items)
            if not self._client.is_ours(link):
                return Fact(None, "a list that goes on at another host")
            answer = await self._client.send(_get(link), service=service)
        return Fact(None, "a list that does not end")


def _group_eligibility(about: str, filter_text: str) -> Part:
    """PIM for Groups answers for one principal or one group only. Its permission is optional."""
    path = "/identityGovernance/privilegedAccess/group/eligibilitySchedules"
    request = RequestInformation(Method.GET)
    request.url = f"{path}?$filter={filter_text.replace(' ', '%20').replace("'", '%27')}"
    return Part(about, GROUP_ELIGIBLE, request, service=Service.ROLES, optional=True)


def _get(link: str) -> RequestInformation:
    request = RequestInformation(Method.GET)
    request.url = link
    request.headers.try_add("Accept", "application/json")
    return request


def _listed(client: GraphClient, name: str, answer: Answer) -> Fact[list[Any]]:
    """The items of a list that fits on one page. Raises GraphFailed where the service throttles."""
    if _tells_nobody(name, answer):
        return Fact([])
    try:
        page, link = page_of(client, answer)
    except GraphFailed as error:
        return _unknown(error)
    # one role is enough, whatever is on the next page
    return Fact(page) if page or link is None else Fact(None, "a list that is not whole")


def _tells_nobody(name: str, answer: Answer) -> bool:
    """Whether this refusal means that the list is empty: no licence for eligibility, or eligibility for groups that the
    app has not been permitted to see."""
    if name == ROLES:
        return False
    return has_no_licence(answer) or (name == GROUP_ELIGIBLE and _is_hidden(answer))


def _is_hidden(answer: Answer) -> bool:
    return isinstance(answer, Reply) and answer.status == HTTPStatus.FORBIDDEN


def has_no_licence(answer: Answer) -> bool:
    """Whether the tenant lacks Entra ID P2.

    The code counts in any case, and also in the message: this service wraps its errors (code "UnknownError", JSON as
    message).
    """
    if not isinstance(answer, Reply) or answer.ok:
        return False
    told = f"{answer.code} {answer.message}".lower()
    return NO_LICENCE in told or any(text in told for text in NO_LICENCE_TEXTS)


def _ids(items: Fact[list[Any]], key: str) -> Fact[frozenset[str]]:
    """The ids in the items; unknown where one has none."""
    if items.value is None:
        return Fact(None, items.problem)
    ids = [object_id(item.get(key)) if isinstance(item, dict) else None for item in items.value]
    return Fact(frozenset(filter(None, ids))) if all(ids) else Fact(None, "an answer that does not tell")


def _unknown(error: GraphFailed) -> Fact[Any]:
    """Raises the error where the service throttles: that passes, and says nothing."""
    if is_throttling(error):
        raise error
    return Fact(None, error.failure.detail)


def is_throttling(error: GraphFailed) -> bool:
    """Whether the service asked us to wait."""
    return isinstance(error.failure, Transient) and error.failure.reason is Reason.THROTTLED


def _throttling(error: GraphFailed) -> Transient:
    """The failure that `_unknown` let through. Raises anything else again."""
    if not isinstance(error.failure, Transient):
        raise error
    return error.failure
