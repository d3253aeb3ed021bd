"""…/authentication/phoneMethods.

https://learn.microsoft.com/graph/api/authentication-list-phonemethods and its siblings
"""

import re

from dev.graph_simulator.authentication import add_phone, change_phone, not_registered, remove_phone
from dev.graph_simulator.clock import iso
from dev.graph_simulator.directory import find_user
from dev.graph_simulator.errors import GraphError, bad_request
from dev.graph_simulator.exchange import NO_CONTENT, GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.model import PHONE_IDS, PHONE_TYPES, Phone, User
from dev.graph_simulator.snapshot import Observation
from dev.graph_simulator.tenant import Tenant


def phone_json(phone: Phone, shown_type: str = "") -> JsonObject:
    """A phoneAuthenticationMethod: https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod

    `shown_type`: what is shown instead of the phone's type, `null` for none.
    """
    return {
        "id": phone.identifier,
        "phoneNumber": phone.number,
        "phoneType": {"": phone.phone_type, "null": None}.get(shown_type, shown_type),
        "smsSignInState": phone.sms_sign_in_state,
        "createdDateTime": iso(phone.created_at),
    }


def shown_phone(tenant: Tenant, phone: Phone) -> JsonObject:
    """A phone as this tenant's answers show it. Administrators with few rights see masked numbers.

    https://learn.microsoft.com/graph/api/authentication-list-phonemethods ([assume: masked-form])
    """
    shown = phone_json(phone, tenant.switches.shown_phone_type)
    return shown | {"phoneNumber": _masked(phone.number)} if tenant.switches.masked_numbers else shown


def _masked(number: str) -> str:
    """All digits but the last two."""
    return re.sub(r"[0-9]", "X", number[:-2]) + number[-2:]


def seen_phones(tenant: Tenant, user: User) -> dict[str, Phone]:
    """The phones as this reader sees them ([assume: phone-read-lag]). A number may be registered and not be listed.

    https://github.com/microsoftgraph/microsoft-graph-docs/issues/16571
    """
    if user.hides_phones:
        return {}
    return user.phones_seen(tenant.now() - tenant.switches.read_lag_seconds)


def list_phones(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """All phones of a user."""
    user = find_user(tenant, request.params["user"])
    phones = seen_phones(tenant, user)
    body = {
        "@odata.context": _context(request, user),
        "value": [shown_phone(tenant, phone) for phone in phones.values()],
    }
    return GraphResponse(200, body, observed=(Observation("phones", user.id, user.snapshot(phones=phones)),))


def get_phone(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """One phone by its fixed id."""
    user = find_user(tenant, request.params["user"])
    phones = seen_phones(tenant, user)
    phone = phones.get(_phone_type(request))
    if phone is None:
        raise not_registered()
    body = {"@odata.context": f"{_context(request, user)}/$entity", **shown_phone(tenant, phone)}
    return GraphResponse(200, body, observed=(Observation("phones", user.id, user.snapshot(phones=phones)),))


def post_phone(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Register a phone: 201 and the object."""
    user = find_user(tenant, request.params["user"])
    phone_type = request.fields().get("phoneType")
    if phone_type not in PHONE_IDS:
        raise bad_request(f"'{phone_type}' is not a valid phoneType.")
    phone = add_phone(tenant, user, phone_type, request.fields().get("phoneNumber", ""))
    return GraphResponse(201, {"@odata.context": f"{_context(request, user)}/$entity", **phone_json(phone)})


def patch_phone(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Give a phone another number: 204. The type cannot be changed ([assume: phone-type-change-400])."""
    user = find_user(tenant, request.params["user"])
    phone_type = _phone_type(request)
    if request.fields().get("phoneType", phone_type) != phone_type:
        raise bad_request("The phoneType of a phone method cannot be changed.")
    change_phone(tenant, user, phone_type, request.fields().get("phoneNumber", ""))
    return NO_CONTENT


def delete_phone(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Take a phone away: 204."""
    user = find_user(tenant, request.params["user"])
    remove_phone(tenant, user, _phone_type(request))
    return NO_CONTENT


def _phone_type(request: GraphRequest) -> str:
    phone_type = PHONE_TYPES.get(request.params["method"].casefold())
    if phone_type is None:
        raise _unknown_method()
    return phone_type


def _unknown_method() -> GraphError:
    return GraphError(404, "resourceNotFound", "The requested phone method does not exist.")


def _context(request: GraphRequest, user: User) -> str:
    return f"{request.root}/$metadata#users('{user.id}')/authentication/phoneMethods"
