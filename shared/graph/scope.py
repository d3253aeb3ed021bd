"""Whom the scope settings keep us away from: membership of the named groups, and directory roles.

A privileged user holds a directory role, may activate one, or is in a group that can hold roles. What cannot be read is
unknown, never "no". Two kinds of answer say nothing about the fact and fail the look: throttling and "no such user".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.role_management.directory.role_assignments import role_assignments_request_builder as active
from msgraph.generated.role_management.directory.role_eligibility_schedules import (
    role_eligibility_schedules_request_builder as eligible,
)
from msgraph.generated.users.item.check_member_groups.check_member_groups_post_request_body import (
    CheckMemberGroupsPostRequestBody,
)
from msgraph.generated.users.item.transitive_member_of import transitive_member_of_request_builder as member_of

from shared.errors import GraphFailed, NotFound
from shared.graph.answers import values_of
from shared.graph.batch import Part
from shared.graph.client import Answer, GraphClient
from shared.graph.replies import Reply
from shared.models import Observation, Reason, object_id
from shared.policy import Policy

MOST_GROUP_IDS = 20
"""https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups"""

MOST_MEMBERSHIPS = 999
"""The largest page of transitiveMemberOf. A user with more memberships is not known whole."""

ROLES, ELIGIBLE, MEMBERSHIPS = "roles", "eligibleRoles", "memberships"
"""The parts that tell who is privileged; those about the policy's groups are groups, groups1, groups2 …"""

NO_LICENCE = "AadPremiumLicenseRequired"
"""Without Entra ID P2 there is no Privileged Identity Management, and nobody can be eligible for a role."""

MEMBERSHIP_PROPERTIES = ("id", "securityEnabled", "isAssignableToRole")

_ActiveQuery = active.RoleAssignmentsRequestBuilder.RoleAssignmentsRequestBuilderGetQueryParameters
_EligibleQuery = (
    eligible.RoleEligibilitySchedulesRequestBuilder.RoleEligibilitySchedulesRequestBuilderGetQueryParameters
)
_MemberQuery = member_of.TransitiveMemberOfRequestBuilder.TransitiveMemberOfRequestBuilderGetQueryParameters

Told = Mapping[str, Answer]
"""One user's answers by name of the part."""


def scope_parts(sdk: GraphServiceClient, user_id: str, policy: Policy) -> list[Part]:
    """What must be asked about a user under this policy; nothing when the policy does not care."""
    parts = list(_group_parts(sdk, user_id, sorted(policy.include_groups | policy.exclude_groups)))
    return parts + (_role_parts(sdk, user_id) if policy.exclude_privileged else [])


def with_scope(client: GraphClient, seen: Observation, told: Told) -> Observation:
    """The observation with what these answers tell of groups and roles. Raises GraphFailed."""
    groups = [name for name in told if name.startswith("groups")]
    roles = [name for name in told if name in _ROLE_READERS]
    facts = {name: _read(client, name, told[name]) for name in (*groups, *roles)}
    problems = tuple(f"{name}: {fact.problem}" for name, fact in facts.items() if fact.problem)
    if groups:
        seen = replace(seen, groups=_all_groups([facts[name] for name in groups]))
    if roles:
        seen = replace(seen, privileged=_any_role([facts[name] for name in roles]))
    return replace(seen, unreadable=problems) if facts else seen


def _group_parts(sdk: GraphServiceClient, user_id: str, group_ids: Sequence[str]) -> Iterator[Part]:
    """https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups: membership through groups counts."""
    builder = sdk.users.by_user_id(user_id).check_member_groups
    for number, ids in enumerate(batched(group_ids, MOST_GROUP_IDS, strict=False)):
        body = CheckMemberGroupsPostRequestBody(group_ids=list(ids))
        yield Part(user_id, f"groups{number or ''}", builder.to_post_request_information(body))


def _role_parts(sdk: GraphServiceClient, user_id: str) -> list[Part]:
    """https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments (roles held)
    https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityschedules (roles that may be activated)
    https://learn.microsoft.com/graph/api/user-list-transitivememberof (groups that can hold roles)

    Neither a cast to groups nor a filter on isAssignableToRole: both need ConsistencyLevel: eventual, and read an index
    that may not know of a membership yet.
    """
    directory, only = sdk.role_management.directory, f"principalId eq '{user_id}'"
    held = RequestConfiguration(query_parameters=_ActiveQuery(filter=only))
    offered = RequestConfiguration(query_parameters=_EligibleQuery(filter=only))
    all_of_them = _MemberQuery(select=list(MEMBERSHIP_PROPERTIES), top=MOST_MEMBERSHIPS)
    whole = RequestConfiguration(query_parameters=all_of_them)
    memberships = sdk.users.by_user_id(user_id).transitive_member_of
    return [
        Part(user_id, ROLES, directory.role_assignments.to_get_request_information(held)),
        Part(user_id, ELIGIBLE, directory.role_eligibility_schedules.to_get_request_information(offered)),
        Part(user_id, MEMBERSHIPS, memberships.to_get_request_information(whole)),
    ]


# --- what the answers tell -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fact[T]:
    """What one answer tells; `value` None: nothing, and `problem` says why."""

    value: T | None
    problem: str = ""


def _read(client: GraphClient, name: str, answer: Answer) -> _Fact[Any]:
    """Raises GraphFailed when Graph is throttling or does not know the user."""
    if name == ELIGIBLE and isinstance(answer, Reply) and not answer.ok and answer.code == NO_LICENCE:
        return _Fact(value=False)
    try:
        value = _ROLE_READERS.get(name, _read_groups)(values_of(client, answer))
    except GraphFailed as error:
        failure = error.failure
        if isinstance(failure, NotFound) or failure.reason is Reason.THROTTLED:
            raise
        return _Fact(None, failure.detail)
    return _Fact(value, "" if value is not None else "an answer that does not tell")


def _all_groups(facts: Sequence[_Fact[Any]]) -> frozenset[str] | None:
    known = [fact.value for fact in facts if fact.value is not None]
    return frozenset().union(*known) if len(known) == len(facts) else None


def _any_role(facts: Sequence[_Fact[Any]]) -> bool | None:
    """One role is enough, whatever else could not be read."""
    told = [fact.value for fact in facts]
    return True if True in told else None if None in told else False


def _read_groups(items: Sequence[Any]) -> frozenset[str] | None:
    ids = [object_id(item) for item in items]
    return frozenset(filter(None, ids)) if all(ids) else None


def _read_roles(items: Sequence[Any]) -> bool:
    """The filter did the work: whatever is in the list is a role of this user's."""
    return bool(items)


def _read_memberships(items: Sequence[Any]) -> bool | None:
    told = [_gives_role(item) for item in items]
    return True if True in told else None if None in told else False


def _gives_role(item: Any) -> bool | None:
    """Of one membership. An app that may not read groups gets their id and nulls: then securityEnabled, which every
    group has, is null. isAssignableToRole alone does not tell, because it is null for most ordinary groups.

    https://learn.microsoft.com/graph/permissions-overview#limited-information-returned-for-inaccessible-member-objects
    """
    kind = item.get("@odata.type") if isinstance(item, dict) else None
    if kind != "#microsoft.graph.group":
        return {"#microsoft.graph.directoryRole": True, "#microsoft.graph.administrativeUnit": False}.get(str(kind))
    if not isinstance(item.get("securityEnabled"), bool) or "isAssignableToRole" not in item:
        return None
    return item["isAssignableToRole"] is True


_ROLE_READERS: Mapping[str, Callable[[Sequence[Any]], bool | None]] = {
    ROLES: _read_roles,
    ELIGIBLE: _read_roles,
    MEMBERSHIPS: _read_memberships,
}
