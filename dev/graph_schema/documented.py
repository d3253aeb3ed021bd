"""What Microsoft documents or sends but declares in no generated model. Each entry carries its source."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentedType:
    """A type without a model: its properties as in the JSON files, those that must be there, and where it says so."""

    properties: Mapping[str, str]
    required: frozenset[str]
    source: str


DOCUMENTED_TYPES: Mapping[str, DocumentedType] = {
    "batchRequest": DocumentedType(
        {"requests": "[object batchRequestStep]"},
        frozenset({"requests"}),
        "https://learn.microsoft.com/graph/json-batching",
    ),
    "batchRequestStep": DocumentedType(
        {
            "id": "string",
            "method": "string",
            "url": "string",
            "headers": "any",
            "body": "any",
            "dependsOn": "[string]",
        },
        frozenset({"id", "method", "url"}),
        "https://learn.microsoft.com/graph/json-batching",
    ),
    "batchResponse": DocumentedType(
        {"responses": "[object batchResponseStep]"},
        frozenset({"responses"}),
        "https://learn.microsoft.com/graph/json-batching",
    ),
    "batchResponseStep": DocumentedType(
        {"id": "string", "status": "integer", "headers": "any", "body": "any"},
        frozenset({"id", "status"}),
        "https://learn.microsoft.com/graph/json-batching",
    ),
    "changeNotificationCollection": DocumentedType(
        {"value": "[object changeNotification]", "validationTokens": "[string]"},
        frozenset({"value"}),
        "https://learn.microsoft.com/graph/api/resources/changenotificationcollection",
    ),
    "changeNotification": DocumentedType(
        {
            "changeType": "enum changeType",
            "clientState": "string",
            "encryptedContent": "any",
            "id": "string",
            "lifecycleEvent": "enum lifecycleEventType",
            "resource": "string",
            "resourceData": "object resourceData",
            "subscriptionExpirationDateTime": "dateTime",
            "subscriptionId": "uuid",
            "tenantId": "uuid",
        },
        frozenset({"subscriptionExpirationDateTime", "subscriptionId"}),
        "https://learn.microsoft.com/graph/api/resources/changenotification",
    ),
    "resourceData": DocumentedType(
        {"id": "string"},
        frozenset({"id"}),
        "https://learn.microsoft.com/graph/api/resources/resourcedata",
    ),
}

DOCUMENTED_ENUMS: Mapping[str, tuple[str, ...]] = {
    "changeType": ("updated", "created", "deleted"),
    "lifecycleEventType": ("missed", "subscriptionRemoved", "reauthorizationRequired"),
}
"""https://learn.microsoft.com/graph/api/resources/changenotification"""


@dataclass(frozen=True, slots=True)
class SentAnyway:
    """A property that answers carry although no model declares it. In a request it is refused like any other."""

    type: str
    name: str
    kind: str
    source: str


SENT_ANYWAY = (
    SentAnyway(
        "signInPreferences",
        "systemPreferredAuthenticationMethod",
        "string",
        "https://www.michev.info/blog/post/5662 (beta answers show it; not in msgraph-beta-sdk)",
    ),
    SentAnyway(
        "changeNotification",
        "organizationId",
        "uuid",
        "https://learn.microsoft.com/graph/change-notifications-lifecycle-events (lifecycle examples)",
    ),
    SentAnyway(
        "changeNotification",
        "resourceChangeType",
        "string",
        "https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3103 (a captured lifecycle notification)",
    ),
    SentAnyway(
        "resourceData",
        "organizationId",
        "uuid",
        "https://stackoverflow.com/questions/54205899 (a notification about a user, 2019)",
    ),
    SentAnyway(
        "resourceData",
        "sequenceNumber",
        "integer",
        "https://stackoverflow.com/questions/54205899 (a notification about a user, 2019)",
    ),
)

_SUBSCRIPTIONS = (
    ("User.Read.All", "Directory.Read.All"),
    "https://learn.microsoft.com/graph/api/subscription-post-subscriptions#permissions (resource `user`)",
)
"""Of subscriptions on users. A write permission does not stand in for the read one."""

UNLISTED_PERMISSIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "GET /users/{id}/authentication/signInPreferences": (
        ("UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"),
        "https://learn.microsoft.com/graph/api/authentication-get?view=graph-rest-beta",
    ),
    "PATCH /users/{id}/authentication/signInPreferences": (
        ("UserAuthenticationMethod.ReadWrite.All",),
        "https://learn.microsoft.com/graph/api/authentication-update?view=graph-rest-beta",
    ),
    "DELETE /subscriptions/{id}": _SUBSCRIPTIONS,
    "GET /subscriptions": _SUBSCRIPTIONS,
    "GET /subscriptions/{id}": _SUBSCRIPTIONS,
    "PATCH /subscriptions/{id}": _SUBSCRIPTIONS,
    "POST /subscriptions": _SUBSCRIPTIONS,
    "POST /subscriptions/{id}/reauthorize": _SUBSCRIPTIONS,
}
"""Application permissions of addresses that the permission reference does not list, least privileged first.

The pages of signInPreferences name `UserAuthenticationMethod.Read` and `.ReadWrite` for applications; the permission
reference has both for delegated access only.
"""

COMBINED_PERMISSIONS: Mapping[str, tuple[tuple[frozenset[str], ...], str]] = {
    "POST /users/{id}/checkMemberGroups": (
        (
            frozenset({"User.Read.All", "GroupMember.Read.All"}),
            frozenset({"User.Read.All", "Group.Read.All"}),
            frozenset({"Directory.Read.All"}),
        ),
        "https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups#group-memberships-for-a-user",
    ),
}
"""Calls whose page demands several permissions at once, where the reference lists each of them alone. The stricter of
two sources of Microsoft's counts: what passes here passes by either.
"""
