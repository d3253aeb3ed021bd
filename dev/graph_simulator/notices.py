"""Which subscription hears of which change, and what it is told.

Payload: https://learn.microsoft.com/graph/api/resources/changenotification
"""

from dev.graph_simulator.clock import iso_precise
from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.model import Subscription
from dev.graph_simulator.outbox import Item
from dev.graph_simulator.tenant import Tenant

UPDATED, DELETED = "updated", "deleted"


def raise_change(tenant: Tenant, user_id: str, change_type: str = UPDATED, times: int = 1) -> None:
    """Tell every subscription that covers the user, `times` times, as one change fans out into several items."""
    for subscription in tenant.subscriptions.values():
        if change_type in subscription.change_types and covers(subscription.resource, user_id):
            for _ in range(times):
                _raise_one(tenant, subscription, user_id, change_type)


def covers(resource: str, user_id: str) -> bool:
    """Whether `users` or `users/{id}` includes the user."""
    words = resource.strip("/").casefold().split("/")
    return words == ["users"] or words == ["users", user_id.casefold()]


def _raise_one(tenant: Tenant, subscription: Subscription, user_id: str, change_type: str) -> None:
    switches, counts = tenant.switches, tenant.outbox.counts
    counts["raised"] += 1
    if tenant.chance(switches.drop_notifications):
        counts["dropped"] += 1
        return
    if switches.stall_without_reauthorization and subscription.awaiting_reauthorization:
        counts["stalled"] += 1
        return
    put(tenant, subscription, user_notice(tenant, subscription, user_id, change_type))
    if tenant.chance(switches.duplicate_notifications):
        counts["duplicated"] += 1
        put(tenant, subscription, user_notice(tenant, subscription, user_id, change_type))


def put(tenant: Tenant, subscription: Subscription, payload: JsonObject, lifecycle: bool = False) -> None:
    """Queue one item for delivery."""
    url = subscription.notification_url
    if lifecycle and subscription.lifecycle_url:
        url = subscription.lifecycle_url
    now = tenant.now()
    due = now + tenant.random.uniform(*tenant.switches.delay_notifications)
    tenant.outbox.waiting.append(Item(subscription.id, url, payload, now, due, lifecycle))
    tenant.wake()


def user_notice(tenant: Tenant, subscription: Subscription, user_id: str, change_type: str) -> JsonObject:
    """One item about a user; the case of `Users/` varies as it does in the wild.

    [assume: user-payload-shape]
    """
    resource = f"{'Users' if tenant.chance(0.7) else 'users'}/{user_id}"
    odata_type = "#Microsoft.Graph.User" if tenant.chance(0.7) else "#microsoft.graph.user"
    return {
        "changeType": change_type,
        "clientState": subscription.client_state,
        "resource": resource,
        "resourceData": {
            "@odata.type": odata_type,
            "@odata.id": resource,
            "id": user_id,
            "organizationId": tenant.id,
            "sequenceNumber": 637_000_000_000_000_000 + tenant.next_sequence(),
        },
        "subscriptionExpirationDateTime": iso_precise(subscription.expires_at),
        "subscriptionId": subscription.id,
        "tenantId": tenant.id,
    }


def lifecycle_notice(tenant: Tenant, subscription: Subscription, event: str) -> JsonObject:
    """One lifecycle item, as Graph sends it or, behind the switch `documented_lifecycle`, as it is documented.

    Sent: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3103 [assume: lifecycle-payload-shape]
    Documented: https://learn.microsoft.com/graph/change-notifications-lifecycle-events
    """
    common: JsonObject = {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": iso_precise(subscription.expires_at),
        "clientState": subscription.client_state,
        "lifecycleEvent": event,
    }
    if tenant.switches.documented_lifecycle:
        return common | {"tenantId": tenant.id}
    return common | {
        "encryptedContent": None,
        "organizationId": tenant.id,
        "resource": f"Subscriptions/{subscription.id}",
        "resourceChangeType": None,
        "resourceData": {
            "@odata.id": f"subscriptions/{subscription.id}",
            "@odata.type": "#microsoft.graph.subscription",
            "id": subscription.id,
        },
    }


def raise_lifecycle(tenant: Tenant, subscription: Subscription, event: str) -> None:
    """Send a lifecycle event; without a lifecycle URL nothing is sent."""
    if event == "reauthorizationRequired":
        subscription.awaiting_reauthorization = True
    if subscription.lifecycle_url:
        put(tenant, subscription, lifecycle_notice(tenant, subscription, event), lifecycle=True)
