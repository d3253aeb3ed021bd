"""The life of a user object: made, changed, deleted, restored. No HTTP here."""

import uuid
from collections.abc import Iterable

from dev.graph_simulator.clock import iso
from dev.graph_simulator.errors import user_not_found
from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.model import User
from dev.graph_simulator.notices import DELETED, raise_change
from dev.graph_simulator.properties import SKELETON, Unfit, check_properties
from dev.graph_simulator.tenant import Tenant


def create_user(tenant: Tenant, given: JsonObject, *, existing: bool = False, notify: bool = True) -> User:
    """Make a user. `existing`: it was there all along, so no replication lag and no skeleton phase."""
    values = _complete(tenant, given)
    if values["userPrincipalName"].casefold() in tenant.names:
        raise Unfit(f"another object with the userPrincipalName {values['userPrincipalName']} already exists")
    if values["id"] in tenant.users:
        raise Unfit(f"another user has the id {values['id']}")
    now, switches = tenant.now(), tenant.switches
    lag = 0.0 if existing else switches.replication_seconds
    skeleton = 0.0 if existing else switches.skeleton_seconds
    first = values if not skeleton else {name: values[name] for name in SKELETON if name in values}
    sequence = tenant.next_sequence()
    user = User(values["id"], dict(first), dict.fromkeys(first, sequence), now, sequence, now + lag)
    tenant.users[user.id] = user
    tenant.names[user.principal_name.casefold()] = user.id
    # [assume: creation-fans-out]
    announcements = switches.creation_notifications if notify else 0
    raise_change(tenant, user.id, times=max(0, announcements - 1) if skeleton else announcements)
    if skeleton:
        user.coming = {name: value for name, value in values.items() if name not in first}
        tenant.at(now + lag + skeleton, lambda: _complete_user(tenant, user, notify))
    return user


def _complete_user(tenant: Tenant, user: User, notify: bool) -> None:
    """Write the properties that a skeleton still lacks, unless somebody has written them meanwhile."""
    missing = {name: value for name, value in user.coming.items() if name not in user.changed}
    user.coming = {}
    if user.life == "deleted" or not missing:
        return
    _write(tenant, user, missing)  # of a soft-deleted user as well: restored, it has them
    if notify and user.life == "active":
        raise_change(tenant, user.id)


def _complete(tenant: Tenant, given: JsonObject) -> JsonObject:
    identifier = str(given.get("id") or tenant.new_id())
    name = str(given.get("userPrincipalName") or f"user-{identifier[:8]}@contoso.example")
    values: JsonObject = {
        "displayName": name.split("@", maxsplit=1)[0],
        "accountEnabled": True,
        "userType": "Member",
        "businessPhones": [],
        "createdDateTime": iso(tenant.now()),
        **given,
        "id": str(uuid.UUID(identifier)),
        "userPrincipalName": name,
    }
    check_properties(values)
    return values


def update_user(tenant: Tenant, user: User, values: JsonObject) -> list[str]:
    """Change properties; returns the names that really changed. Each one raises its own notification."""
    if "id" in values:
        raise Unfit("id cannot be changed")
    check_properties(values)
    given = dict(values)
    if given.get("onPremisesExtensionAttributes"):
        present = user.properties.get("onPremisesExtensionAttributes") or {}
        given["onPremisesExtensionAttributes"] = {**present, **given["onPremisesExtensionAttributes"]}
    changed = {name: value for name, value in given.items() if user.properties.get(name) != value}
    if "userPrincipalName" in changed:
        _rename(tenant, user, str(changed["userPrincipalName"]))
    if changed:
        _write(tenant, user, changed)
        raise_change(tenant, user.id, times=len(changed))
    return list(changed)


def _rename(tenant: Tenant, user: User, name: str) -> None:
    if tenant.names.get(name.casefold(), user.id) != user.id:
        raise Unfit(f"another object with the userPrincipalName {name} already exists")
    del tenant.names[user.principal_name.casefold()]
    tenant.names[name.casefold()] = user.id


def _write(tenant: Tenant, user: User, values: JsonObject) -> None:
    user.earlier_properties.append((tenant.now(), dict(user.properties)))
    sequence = tenant.next_sequence()
    user.properties.update(values)
    user.changed.update(dict.fromkeys(values, sequence))


def soft_delete(tenant: Tenant, user: User) -> None:
    """Move to deleted items: arrives as `updated`, reads as 404, keeps its methods and its phone number."""
    user.life, user.life_sequence, user.deleted_at = "softDeleted", tenant.next_sequence(), tenant.now()
    tenant.names.pop(user.principal_name.casefold(), None)
    raise_change(tenant, user.id)


def restore(tenant: Tenant, user: User) -> None:
    """Bring a soft-deleted user back; delta shows it as if it were new."""
    if tenant.names.get(user.principal_name.casefold(), user.id) != user.id:
        raise Unfit("the userPrincipalName is taken by another user now")
    sequence = tenant.next_sequence()
    user.life, user.life_sequence, user.deleted_at = "active", sequence, None
    user.created_sequence = sequence
    tenant.names[user.principal_name.casefold()] = user.id
    raise_change(tenant, user.id)


def delete_for_good(tenant: Tenant, user: User) -> None:
    """Permanent deletion: the only thing that raises `deleted`. A tombstone stays for delta."""
    tenant.names.pop(user.principal_name.casefold(), None)
    for phone in user.phones.values():
        tenant.holders[phone.number].discard(user.id)
    user.life, user.life_sequence, user.deleted_at = "deleted", tenant.next_sequence(), tenant.now()
    user.phones, user.methods = {}, []
    raise_change(tenant, user.id, DELETED)


def forget(tenant: Tenant, user: User) -> None:
    """Take back a user that could not be completed; nobody has seen it."""
    for phone in user.phones.values():
        tenant.holders[phone.number].discard(user.id)
    tenant.names.pop(user.principal_name.casefold(), None)
    user.coming = {}
    del tenant.users[user.id]


def lookup(tenant: Tenant, key: str) -> User | None:
    """A user of any kind of life, by object id or by name."""
    return tenant.users.get(key.casefold()) or tenant.users.get(tenant.names.get(key.casefold(), ""))


def find_user(tenant: Tenant, key: str) -> User:
    """The user as Graph finds it: live and replicated, otherwise 404.

    [assume: replication-404] [assume: methods-user-404]
    """
    user = lookup(tenant, key)
    if user is None or user.life != "active" or tenant.now() < user.visible_at:
        raise user_not_found(key)
    return user


def live_users(tenant: Tenant) -> Iterable[User]:
    """All users that a list shows, in order of creation."""
    now = tenant.now()
    return (user for user in tenant.users.values() if user.life == "active" and user.visible_at <= now)
