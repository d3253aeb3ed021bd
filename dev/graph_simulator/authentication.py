"""The rules behind `authentication/`: phones, other methods, per-user MFA state, preferred method. No HTTP here."""

from dev.graph_simulator.errors import GraphError, bad_request
from dev.graph_simulator.model import Method, Phone, User
from dev.graph_simulator.notices import raise_change
from dev.graph_simulator.phone_format import stored_form
from dev.graph_simulator.snapshot import STRONGER_METHODS
from dev.graph_simulator.tenant import Tenant

PREFERRED_NEEDS = {
    "sms": ("mobile", ()),
    "voiceMobile": ("mobile", ()),
    "voiceAlternateMobile": ("alternateMobile", ()),
    "voiceOffice": ("office", ()),
    "push": ("", ("microsoftAuthenticator",)),
    "oath": ("", ("softwareOath", "hardwareOath", "microsoftAuthenticator")),
}
"""What must be registered before a method can be preferred.

Values: https://learn.microsoft.com/graph/api/resources/signinpreferences (beta)
"""

SECOND_FACTOR_METHODS = STRONGER_METHODS | {"temporaryAccessPass"}


def add_phone(tenant: Tenant, user: User, phone_type: str, number: str) -> Phone:
    """Register a phone. One per type, `mobile` before `alternateMobile`.

    Guests and administrators are no exception ([assume: any-target]); agent users are
    ([assume: agents-have-no-methods]).
    https://learn.microsoft.com/graph/api/authentication-post-phonemethods
    """
    if user.is_agent:
        raise bad_request("Authentication methods are not supported for agent users.")
    if phone_type in user.phones:
        # [assume: phone-exists-400]
        raise bad_request(f"A phone method of type {phone_type} is already registered for this user.")
    if phone_type == "alternateMobile" and "mobile" not in user.phones:
        # [assume: alternate-without-mobile-400]
        raise bad_request("A mobile phone must be registered before an alternate mobile phone.")
    return _store(tenant, user, phone_type, number, tenant.now())


def change_phone(tenant: Tenant, user: User, phone_type: str, number: str) -> Phone:
    """Give a registered phone another number.

    https://learn.microsoft.com/graph/api/phoneauthenticationmethod-update
    """
    return _store(tenant, user, phone_type, number, registered(user, phone_type).created_at)


def registered(user: User, phone_type: str) -> Phone:
    """The phone of one type; 404 when there is none ([assume: absent-phone-404])."""
    phone = user.phones.get(phone_type)
    if phone is None:
        raise not_registered()
    return phone


def not_registered() -> GraphError:
    """404: the user has no such method."""
    return GraphError(404, "resourceNotFound", "The requested method is not registered for this user.")


def remove_phone(tenant: Tenant, user: User, phone_type: str) -> None:
    """Take a phone away.

    Not `mobile` while an alternate exists, not the preferred one while others do ([assume: delete-default-400]).
    """
    phone = registered(user, phone_type)
    if phone_type == "mobile" and "alternateMobile" in user.phones:
        raise bad_request("The mobile phone cannot be deleted while an alternate mobile phone is registered.")
    if user.preferred and PREFERRED_NEEDS.get(user.preferred, ("", ()))[0] == phone_type and len(user.phones) > 1:
        raise bad_request("The default method cannot be deleted while other phone methods are registered.")
    _remember(tenant, user)
    del user.phones[phone_type]
    tenant.holders[phone.number].discard(user.id)
    if user.preferred and not can_prefer(user, user.preferred):
        user.preferred = ""
    _tell(tenant, user)


def _store(tenant: Tenant, user: User, phone_type: str, number: str, created_at: float) -> Phone:
    stored = stored_form(number, phone_type, strict=tenant.switches.strict_phone_format)
    clash = phone_type == "mobile" and user.sms_sign_in and _held_by_other(tenant, user, stored)
    phone = Phone(phone_type, stored, _sms_sign_in_state(user, phone_type, clash), created_at)
    _remember(tenant, user)
    previous = user.phones.get(phone_type)
    if previous:
        tenant.holders[previous.number].discard(user.id)
    user.phones[phone_type] = phone
    tenant.holders[stored].add(user.id)
    promote(user)
    _tell(tenant, user)
    if clash:
        # [assume: sms-sign-in-409-saved]
        raise GraphError(
            409,
            "phoneNumberNotUnique",
            "The phone number is already used by another user for SMS sign-in. Use a unique phone number.",
        )
    return phone


def _held_by_other(tenant: Tenant, user: User, number: str) -> bool:
    """Whether somebody else, soft-deleted users included, signs in with the number."""
    return any(other != user.id and tenant.users[other].sms_sign_in for other in tenant.holders[number])


def _sms_sign_in_state(user: User, phone_type: str, clash: bool) -> str:
    if phone_type != "mobile":
        return "notSupported"
    if not user.sms_sign_in:
        return "notAllowedByPolicy"
    return "phoneNumberNotUnique" if clash else "ready"


def set_sms_sign_in(tenant: Tenant, user: User, wanted: bool) -> None:
    """Take a user into or out of the scope of the SMS sign-in policy."""
    user.sms_sign_in = wanted
    mobile = user.phones.get("mobile")
    if mobile:
        clash = wanted and _held_by_other(tenant, user, mobile.number)
        state = _sms_sign_in_state(user, "mobile", clash)
        user.phones["mobile"] = Phone("mobile", mobile.number, state, mobile.created_at)


def add_method(tenant: Tenant, user: User, kind: str, *, notify: bool = True) -> Method:
    """Register a method that is not a phone."""
    method = Method(tenant.new_id(), kind, tenant.now())
    user.methods.append(method)
    promote(user)
    if notify:
        _tell(tenant, user)
    return method


def remove_method(tenant: Tenant, user: User, identifier: str, kind: str) -> None:
    """Take a registered method away; 404 when it is not there."""
    left = [method for method in user.methods if (method.identifier, method.kind) != (identifier, kind)]
    if len(left) == len(user.methods):
        raise not_registered()
    user.methods = left
    if user.preferred and not can_prefer(user, user.preferred):
        user.preferred = ""
    _tell(tenant, user)


def set_mfa_state(tenant: Tenant, user: User, state: str) -> None:
    """Set perUserMfaState; `enabled` turns into `enforced` by itself once a method is registered.

    https://learn.microsoft.com/graph/api/resources/strongauthenticationrequirements (beta)
    """
    user.mfa_state = state
    promote(user)
    _tell(tenant, user)


def promote(user: User) -> None:
    """`enabled` becomes `enforced` where the user has a second factor ([assume: promotion-at-once])."""
    has_method = bool(user.phones) or any(method.kind in SECOND_FACTOR_METHODS for method in user.methods)
    if user.mfa_state == "enabled" and has_method:
        user.mfa_state = "enforced"


def can_prefer(user: User, preferred: str) -> bool:
    """Whether the method that `preferred` names is registered."""
    phone_type, kinds = PREFERRED_NEEDS[preferred]
    return phone_type in user.phones or any(method.kind in kinds for method in user.methods)


def set_preferred(tenant: Tenant, user: User, preferred: str) -> None:
    """Choose the preferred second factor; it must be registered ([assume: preferred-unregistered-400])."""
    if preferred not in PREFERRED_NEEDS:
        raise bad_request(f"'{preferred}' is not a valid value of userPreferredMethodForSecondaryAuthentication.")
    if not can_prefer(user, preferred):
        raise bad_request(f"The method '{preferred}' is not registered for this user.")
    user.preferred = preferred
    _tell(tenant, user)


def _remember(tenant: Tenant, user: User) -> None:
    user.earlier_phones.append((tenant.now(), dict(user.phones)))


def _tell(tenant: Tenant, user: User) -> None:
    """Authentication writes may come back as `updated` ([assume: auth-writes-notify])."""
    if tenant.switches.notify_authentication_writes and user.life == "active":
        raise_change(tenant, user.id)
