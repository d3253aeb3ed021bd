"""Whom the scope settings keep us away from: membership of the named groups, and directory roles.

A user is privileged who holds a directory role, may activate one, or is in a group that can hold roles or may become a
member of one. A fact that cannot be read is unknown, never "no". A throttled answer, or a 404 about the user's groups,
says nothing about the fact and fails the look.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph import GraphServiceClient
from msgraph.generated.users.item.transitive_member_of import transitive_member_of_request_builder as member_of

from shared.errors import GraphFailed, NotFound
from shared.graph.answers import values_of
from shared.graph.batch import Part, compact
from shared.graph.client import Answer, GraphClient
from shared.graph.roles import ROLE_PARTS, Fact, RoleFacts, RoleReader, TenantRoles, is_throttling
from shared.models import Observation, object_id
from shared.policy import Policy

MOST_GROUP_IDS = 20
"""https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups"""

MOST_MEMBERSHIPS = 999
"""The largest page of transitiveMemberOf. A user with more memberships is not known whole."""

MEMBERSHIPS = "memberships"
"""The part that tells which groups can give a user a role; those about the policy's groups are groups, groups1 …"""

MEMBERSHIP_PROPERTIES = ("id", "securityEnabled", "isAssignableToRole")

_MemberQuery = member_of.TransitiveMemberOfRequestBuilder.TransitiveMemberOfRequestBuilderGetQueryParameters

Told = Mapping[str, Answer]
"""One user's answers by name of the part."""


def scope_parts(sdk: GraphServiceClient, user_id: str, policy: Policy) -> list[Part]:
    """What must be asked about a user under this policy, but for the roles; nothing when the policy does not care."""
    parts = list(_group_parts(user_id, sorted(policy.include_groups | policy.exclude_groups)))
    return [*parts, _memberships_part(sdk, user_id)] if policy.exclude_privileged else parts


def with_scope(
    client: GraphClient, roles: RoleReader, seen: Observation, told: Told, tenant: TenantRoles | None = None
) -> Observation:
    """The observation with what these answers tell of groups and roles. Raises GraphFailed.

    Roles that were asked for this user are fresh. Where they were not, or their service throttles, `tenant` tells.
    """
    groups = {name: _read(client, name, answer) for name, answer in told.items() if name.startswith("groups")}
    if groups:
        seen = replace(seen, groups=_all_groups(list(groups.values())))
    facts: dict[str, Fact[Any]] = {}
    if MEMBERSHIPS in told:
        about_roles, fresh = _role_facts(roles, seen, told, tenant)
        facts = {**about_roles, MEMBERSHIPS: _read(client, MEMBERSHIPS, told[MEMBERSHIPS])}
        seen = replace(seen, privileged=_any_role(list(facts.values())), roles_are_fresh=fresh)
    problems = tuple(f"{name}: {fact.problem}" for name, fact in (groups | facts).items() if fact.problem)
    return replace(seen, unreadable=problems) if groups or facts else seen


def with_fresh_roles(roles: RoleReader, seen: Observation, told: Told) -> Observation:
    """The observation with the roles that this user has now; the memberships stay as seen. Raises GraphFailed."""
    facts = {"before": Fact(seen.privileged), **roles.read_about(told)}
    problems = tuple(f"{name}: {fact.problem}" for name, fact in facts.items() if fact.problem)
    privileged = _any_role(list(facts.values()))
    return replace(seen, privileged=privileged, unreadable=(*seen.unreadable, *problems), roles_are_fresh=True)


def _group_parts(user_id: str, group_ids: Sequence[str]) -> Iterator[Part]:
    """https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups: membership through groups counts."""
    for number, ids in enumerate(batched(group_ids, MOST_GROUP_IDS, strict=False)):
        request = RequestInformation(Method.POST)
        request.url = f"/users/{user_id}/checkMemberGroups"
        request.set_stream_content(compact({"groupIds": list(ids)}), "application/json")
        yield Part(user_id, f"groups{number or ''}", request)


def _memberships_part(sdk: GraphServiceClient, user_id: str) -> Part:
    """https://learn.microsoft.com/graph/api/user-list-transitivememberof

    Neither a cast to groups nor a filter on isAssignableToRole: both need ConsistencyLevel: eventual, and read an index
    that may not know of a membership yet.
    """
    all_of_them = _MemberQuery(select=list(MEMBERSHIP_PROPERTIES), top=MOST_MEMBERSHIPS)
    memberships = sdk.users.by_user_id(user_id).transitive_member_of
    whole = memberships.to_get_request_information(RequestConfiguration(query_parameters=all_of_them))
    return Part(user_id, MEMBERSHIPS, whole)


# --- what the answers tell -------------------------------------------------------------------------------------------


def _role_facts(roles: RoleReader, seen: Observation, told: Told, tenant: TenantRoles | None) -> tuple[RoleFacts, bool]:
    """What is known of the user's roles, and whether it was read for this look. Raises GraphFailed."""
    if not ROLE_PARTS & set(told):
        return _from_lists(seen, tenant), False
    try:
        return roles.read_about(told), True
    except GraphFailed:
        if tenant is None and seen.privileged is None:
            raise
        return _from_lists(seen, tenant), False


def _from_lists(seen: Observation, tenant: TenantRoles | None) -> RoleFacts:
    """The tenant's lists, or what was seen a moment ago, before a write."""
    return tenant.about(seen.user.id) if tenant else {"roles": Fact(seen.privileged)}


def _read(client: GraphClient, name: str, answer: Answer) -> Fact[Any]:
    """Raises GraphFailed when Graph is throttling or does not know the user."""
    try:
        value = (_read_memberships if name == MEMBERSHIPS else _read_groups)(values_of(client, answer))
    except GraphFailed as error:
        if isinstance(error.failure, NotFound) or is_throttling(error):
            raise
        return Fact(None, error.failure.detail)
    return Fact(value, "" if value is not None else "an answer that does not tell")


def _all_groups(facts: Sequence[Fact[Any]]) -> frozenset[str] | None:
    known = [fact.value for fact in facts if fact.value is not None]
    return frozenset().union(*known) if len(known) == len(facts) else None


def _any_role(facts: Sequence[Fact[Any]]) -> bool | None:
    """One role is enough, whatever else could not be read."""
    told = [fact.value for fact in facts]
    return True if True in told else None if None in told else False


def _read_groups(items: Sequence[Any]) -> frozenset[str] | None:
    ids = [object_id(item) for item in items]
    return frozenset(filter(None, ids)) if all(ids) else None


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
