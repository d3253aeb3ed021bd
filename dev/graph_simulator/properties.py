"""The properties of a user object and what they may hold.

https://learn.microsoft.com/graph/api/resources/user
"""

from dev.graph_schema.schema import Schema
from dev.graph_simulator.exchange import JsonObject

DEFAULT_PROPERTIES = (
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
"""What a GET without $select returns: https://learn.microsoft.com/graph/api/user-get"""

READ_ONLY = frozenset({"id", "isManagementRestricted"})
"""What no request may set: https://learn.microsoft.com/graph/api/resources/user#properties"""

SKELETON = ("id", "displayName", "userPrincipalName", "accountEnabled", "userType", "createdDateTime", "businessPhones")
"""What exists first while a user is being created ([assume: skeleton-first])."""

EXTENSIONS = tuple(f"extensionAttribute{number}" for number in range(1, 16))
LONGEST_MOBILE_PHONE = 64


class Unfit(ValueError):
    """A property that a user cannot have; the text says what to change."""


def check_properties(values: JsonObject) -> None:
    """Refuse what the user object cannot hold: https://learn.microsoft.com/graph/api/resources/user"""
    unknown = sorted(set(values) - set(Schema.v1().type("user").properties))
    if unknown:
        raise Unfit(f"unknown user properties {unknown}")
    mobile = values.get("mobilePhone")
    if mobile is not None and (not isinstance(mobile, str) or len(mobile) > LONGEST_MOBILE_PHONE):
        raise Unfit("mobilePhone: a text of at most 64 characters, or null")
    business = values.get("businessPhones", [])
    if not isinstance(business, list) or len(business) > 1:
        raise Unfit("businessPhones: a list of at most one text")
    extensions = values.get("onPremisesExtensionAttributes") or {}
    if not isinstance(extensions, dict) or set(extensions) - set(EXTENSIONS):
        raise Unfit("onPremisesExtensionAttributes: extensionAttribute1 to extensionAttribute15")
