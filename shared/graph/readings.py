"""Graph's JSON, read into values. Unknown and missing properties are tolerated; wrong types read as "not told"."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from shared.models import DirectoryUser, MfaState, RegisteredPhone, SignInPreference

USER_PROPERTIES = (
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
"""https://learn.microsoft.com/graph/api/resources/user: all but a few come only when selected."""

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
        on_premises_sync_enabled=_boolean(body.get("onPremisesSyncEnabled")),
        extension_attributes=MappingProxyType({k: v for k, v in extension.items() if isinstance(v, str)}),
    )


def read_phones(items: Sequence[Any]) -> tuple[RegisteredPhone, ...]:
    """The values of phoneMethods that carry a number."""
    phones = [item for item in items if isinstance(item, dict) and _text(item.get("phoneNumber"))]
    return tuple(RegisteredPhone(str(item.get("phoneType")), item["phoneNumber"]) for item in phones)


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


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
