"""Values with defaults: a test names what it is about and nothing else.

The standard person is an enabled member with a Dutch mobile in the directory, no phone registered, MFA state disabled.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shared.fingerprint import Keys
from shared.memory import Memory
from shared.messages import Message
from shared.models import (
    Cause,
    DirectoryUser,
    MfaState,
    Observation,
    RegisteredPhone,
    SignInPreference,
)
from shared.notifications import Expected
from shared.policy import Mode, Policy

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
RECEIVED = int(NOW.timestamp() * 1000)

TENANT = "7e9a1c52-0000-4000-8000-0000000000aa"
SUBSCRIPTION = "5b5c1f7d-0000-4000-8000-0000000000bb"
ALICE = "a11ce000-0000-4000-8000-000000000001"
SECRET = "a master secret that only these tests know"
PREVIOUS_SECRET = "the master secret before the last rotation"
KEYS = Keys(SECRET, PREVIOUS_SECRET)

MOBILE = "+31 612345678"
"""What the directory holds for the standard person, as Graph spells a registered number."""
OTHER_MOBILE = "+31 687654321"
THIRD_MOBILE = "+31 611112222"
LANDLINE = "+31 201234567"


def object_ids(count: int) -> tuple[str, ...]:
    """So many different object ids, the same ones every time."""
    return tuple(f"00000000-0000-4000-8000-{number:012x}" for number in range(1, count + 1))


def user(**changes: Any) -> DirectoryUser:
    standard = DirectoryUser(
        id=ALICE,
        account_enabled=True,
        user_type="Member",
        user_principal_name="alice@contoso.example",
        mobile_phone=MOBILE,
        usage_location="NL",
    )
    return replace(standard, **changes)


def observation(
    person: DirectoryUser | None = None,
    *,
    mobile: str | None = None,
    methods: str = "",
    mfa_state: MfaState | None = MfaState.DISABLED,
    preference: SignInPreference | None = None,
    groups: frozenset[str] | None = None,
    privileged: bool | None = False,
    other_phones: tuple[RegisteredPhone, ...] = (),
) -> Observation:
    """What Graph tells. `methods` are blank-separated kinds beside the password and the phones given here."""
    phones = (*other_phones, RegisteredPhone("mobile", mobile)) if mobile else other_phones
    kinds = {"password", *methods.split(), *(("phone",) if phones else ())}
    return Observation(person or user(), phones, frozenset(kinds), mfa_state, preference, groups, privileged)


def memory(number: str | None = None, keys: Keys = KEYS, **changes: Any) -> Memory:
    """What we remember. `number`: the one we wrote last, in canonical spelling or Graph's."""
    fingerprint = keys.phone(ALICE, number.replace(" ", "")) if number else None
    return replace(Memory(ALICE, fingerprint=fingerprint), **changes)


def policy(**changes: Any) -> Policy:
    """The default settings, but applying."""
    return replace(Policy(mode=Mode.APPLY), **changes)


def message(*users: str, **changes: Any) -> Message:
    return replace(Message(users or (ALICE,), Cause.NOTIFICATION, RECEIVED), **changes)


def expected(keys: Keys = KEYS, subscription_id: str | None = None) -> Expected:
    return Expected(TENANT, keys.accepts_client_state, subscription_id)


def change_item(user_id: str = ALICE, /, **changes: Any) -> dict[str, Any]:
    """A change notification as Graph posts it for users (captured: Stack Overflow 54205899)."""
    item: dict[str, Any] = {
        "changeType": "updated",
        "clientState": KEYS.client_state(),
        "resource": f"Users/{user_id}",
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.User",
            "@odata.id": f"Users/{user_id}",
            "id": user_id,
            "organizationId": TENANT,
            "sequenceNumber": 637_000_000_000_000_001,
        },
        "subscriptionExpirationDateTime": "2026-12-17T12:48:43.7825578+00:00",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
    }
    return item | changes


def sent_lifecycle_item(event: object = "reauthorizationRequired", /, **changes: Any) -> dict[str, Any]:
    """A lifecycle notification as Graph sends it: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3103."""
    item: dict[str, Any] = {
        "subscriptionId": SUBSCRIPTION,
        "encryptedContent": None,
        "organizationId": TENANT,
        "lifecycleEvent": event,
        "clientState": KEYS.client_state(),
        "subscriptionExpirationDateTime": "2026-12-17T12:48:43.5745035+00:00",
        "resource": f"Subscriptions/{SUBSCRIPTION}",
        "resourceChangeType": None,
        "resourceData": {
            "@odata.id": f"subscriptions/{SUBSCRIPTION}",
            "@odata.type": "#microsoft.graph.subscription",
            "id": SUBSCRIPTION,
        },
    }
    return item | changes


def lifecycle_item(event: object = "reauthorizationRequired", /, **changes: Any) -> dict[str, Any]:
    """A lifecycle notification as documented: neither resource nor changeType."""
    item: dict[str, Any] = {
        "subscriptionId": SUBSCRIPTION,
        "subscriptionExpirationDateTime": "2026-12-17T12:48:43.7825578+00:00",
        "tenantId": TENANT,
        "clientState": KEYS.client_state(),
        "lifecycleEvent": event,
    }
    return item | changes
