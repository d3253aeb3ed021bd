"""Graph's JSON, read into values. Unknown and missing properties are tolerated; wrong types read as "not told"."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from shared.models import DirectoryUser, MfaState, RegisteredPhone, SignInPreference

PHONE_TYPES = {
    "3179e48a-750b-4051-897c-87b9720928f7": "mobile",
    "b6332ec1-7057-4abe-9331-3d72feddfe41": "alternateMobile",
    "e37fc753-ff3b-4958-9484-eaa9425c82bc": "office",
}
"""The fixed method id of each type of phone, the same for every user.

https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod
"""

MOBILE_METHOD_ID = next(method_id for method_id, kind in PHONE_TYPES.items() if kind == "mobile")

AGENT_USER = "#microsoft.graph.agentuser"
"""https://learn.microsoft.com/graph/api/resources/agentuser"""

TRACKED_PROPERTIES = (
    "id",
    "accountEnabled",
    "userType",
    "userPrincipalName",
    "mobilePhone",
    "businessPhones",
    "usageLocation",
    "country",
    "onPremisesSyncEnabled",
    "onPremisesExtensionAttributes",
)
"""What the delta query tracks, and what a look needs of it.

https://learn.microsoft.com/graph/api/resources/user: all but a few come only when selected.
"""

USER_PROPERTIES = (*TRACKED_PROPERTIES, "isManagementRestricted", "identityParentId")
"""What a look reads. The last two are not tracked: no documentation says that the delta query can select them, and a
refused delta query would blind the sweep."""

_TYPE_PREFIX, _TYPE_SUFFIX = "#microsoft.graph.", "AuthenticationMethod"


def read_user(user_id: str, body: Mapping[str, Any]) -> DirectoryUser:
    """A user object."""
    phones, attributes = body.get("businessPhones"), body.get("onPremisesExtensionAttributes")
    extension = attributes if isinstance(attributes, dict) else {}
    return DirectoryUser(
        id=user_id,
        account_enabled=_boolean(body.get("accountEnabled")),
        user_type=_text(body.get("userType")),
        user_principal_name=_text(body.get("userPrincipalName")),
        mobile_phone=_text(body.get("mobilePhone")),
        business_phones=tuple(p for p in phones if isinstance(p, str)) if isinstance(phones, list) else (),
        usage_location=_text(body.get("usageLocation")),
        country=_text(body.get("country")),
        is_agent=_is_agent(body),
        is_management_restricted=_restricted(body.get("isManagementRestricted")),
        on_premises_sync_enabled=_boolean(body.get("onPremisesSyncEnabled")),
        extension_attributes=MappingProxyType({k: v for k, v in extension.items() if isinstance(v, str)}),
    )


def read_phones(items: Sequence[Any]) -> tuple[RegisteredPhone, ...]:
    """The values of phoneMethods that carry a number.

    The fixed id says which type a phone is, also where phoneType does not: an overlooked mobile counts as none.
    """
    phones = [item for item in items if isinstance(item, dict) and _text(item.get("phoneNumber"))]
    return tuple(RegisteredPhone(_phone_type(item), item["phoneNumber"]) for item in phones)


def _phone_type(item: Mapping[str, Any]) -> str:
    return PHONE_TYPES.get(str(item.get("id")).lower()) or str(item.get("phoneType"))


def read_methods(items: Sequence[Any]) -> frozenset[str]:
    """The kinds of authentication/methods: "#microsoft.graph.fido2AuthenticationMethod" reads as "fido2"."""
    types = [str(item.get("@odata.type", "")) if isinstance(item, dict) else "" for item in items]
    return frozenset(name.removeprefix(_TYPE_PREFIX).removesuffix(_TYPE_SUFFIX) for name in types)


def read_state(body: Mapping[str, Any]) -> MfaState | None:
    """perUserMfaState; None for a value this product does not know."""
    value = body.get("perUserMfaState")
    return MfaState(value) if isinstance(value, str) and value in set(MfaState) else None


def read_preference(body: Mapping[str, Any]) -> SignInPreference:
    """signInPreferences."""
    method = _text(body.get("userPreferredMethodForSecondaryAuthentication"))
    return SignInPreference(method, _boolean(body.get("isSystemPreferredAuthenticationMethodEnabled")) is True)


def _is_agent(body: Mapping[str, Any]) -> bool:
    """Graph names the derived type, and an agent's user has the agent identity for a parent."""
    return str(body.get("@odata.type")).lower() == AGENT_USER or _text(body.get("identityParentId")) is not None


def _restricted(value: object) -> bool | None:
    """Null is "no": https://learn.microsoft.com/graph/api/resources/user"""
    return False if value is None else _boolean(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
