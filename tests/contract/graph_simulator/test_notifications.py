"""What reaches the webhook, in what shape, how often and how patiently."""

import asyncio
from typing import Any

import pytest

from tests.contract.graph_simulator.client import NUMBER, Graph, Webhook, phone, phone_path, state_path
from tests.contract.graph_simulator.test_subscriptions import subscribe


async def counts(graph: Graph) -> dict[str, int]:
    value: dict[str, int] = (await graph.sim("GET", "notifications")).body["counts"]
    return value


async def quiet(graph: Graph) -> None:
    """Wait until nothing is on its way."""
    async with asyncio.timeout(3):
        while (await graph.sim("GET", "notifications")).body["pending"]:  # noqa: ASYNC110  (asked over HTTP)
            await asyncio.sleep(0.005)


@pytest.mark.graph_verified
async def test_a_notification_names_the_user_the_tenant_and_the_state(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    user = await graph.user()
    [item] = await hook.wait_for(1)
    data = item.pop("resourceData")
    assert item.pop("resource").casefold() == f"users/{user}" == data.pop("@odata.id").casefold()
    assert data.pop("@odata.type").casefold() == "#microsoft.graph.user"
    assert isinstance(data.pop("sequenceNumber"), int)
    assert data == {"id": user, "organizationId": graph.tenant.id}
    assert item.pop("subscriptionExpirationDateTime").endswith("+00:00")
    assert item == {
        "changeType": "updated",
        "clientState": "state",
        "subscriptionId": made["id"],
        "tenantId": graph.tenant.id,
    }


async def test_the_case_of_resources_varies(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    for _ in range(20):
        await graph.user()
    items = await hook.wait_for(20)
    assert {item["resource"].partition("/")[0] for item in items} == {"Users", "users"}


@pytest.mark.graph_verified
async def test_each_changed_property_raises_an_item_of_its_own_and_no_change_none(graph: Graph, hook: Webhook) -> None:
    user = await graph.user()
    await subscribe(graph, hook)
    await graph.sim("PATCH", f"users/{user}", {"mobilePhone": NUMBER, "usageLocation": "DE"})
    await graph.sim("PATCH", f"users/{user}", {"mobilePhone": NUMBER})
    await hook.wait_for(2)
    await quiet(graph)
    assert len(hook.items) == 2


async def test_a_creation_fans_out_early_and_late(graph: Graph, hook: Webhook) -> None:
    await graph.sim("PATCH", "faults", {"creation_notifications": 3, "skeleton_seconds": 60})
    await subscribe(graph, hook)
    await graph.user(mobilePhone=NUMBER)
    await hook.wait_for(2)
    await quiet(graph)
    early = len(hook.items)
    await graph.sim("POST", "clock", {"advance_seconds": 61})
    await hook.wait_for(3)
    assert early == 2


@pytest.mark.graph_verified
async def test_a_soft_delete_is_an_update_and_only_the_end_is_a_delete(graph: Graph, hook: Webhook) -> None:
    user = await graph.user()
    await subscribe(graph, hook, changeType="updated,deleted")
    await graph.sim("DELETE", f"users/{user}")
    await graph.sim("POST", f"users/{user}/restore")
    await graph.sim("DELETE", f"users/{user}?permanent=true")
    items = await hook.wait_for(3)
    assert sorted(item["changeType"] for item in items) == ["deleted", "updated", "updated"]


@pytest.mark.graph_verified
async def test_a_subscription_hears_only_of_its_types_and_its_user(graph: Graph, hook: Webhook) -> None:
    user, other = await graph.user(), await graph.user()
    await subscribe(graph, hook, resource=f"users/{user}")
    for each in (user, other):
        await graph.sim("PATCH", f"users/{each}", {"jobTitle": "x"})
        await graph.sim("DELETE", f"users/{each}?permanent=true")
    await hook.wait_for(1)
    await quiet(graph)
    assert [item["resourceData"]["id"] for item in hook.items] == [user]


@pytest.mark.parametrize(("switch", "items"), [(True, 2), (False, 0)])
async def test_writes_of_methods_and_states_come_back_as_updates(
    graph: Graph, hook: Webhook, switch: bool, items: int
) -> None:
    await graph.sim("PATCH", "faults", {"notify_authentication_writes": switch})
    user = await graph.user()
    await subscribe(graph, hook)
    await graph.call("POST", phone_path(user), phone())
    await graph.call("PATCH", state_path(user), {"perUserMfaState": "enabled"})
    await hook.wait_for(items)
    await quiet(graph)
    assert len(hook.items) == items


async def test_items_of_one_moment_share_a_post(graph: Graph, hook: Webhook) -> None:
    await graph.sim("PATCH", "faults", {"notification_batch_size": 10})
    await subscribe(graph, hook)
    await graph.sim("POST", "people", {"count": 25})
    await hook.wait_for(25)
    assert max(len(post) for post in hook.posts) == 10
    assert len(hook.posts) < 25


@pytest.mark.graph_verified
async def test_a_refused_delivery_is_tried_again(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    hook.statuses = [503, 500, 202]
    await graph.user()
    await hook.wait_for(3)
    await quiet(graph)
    log = (await graph.sim("GET", "notifications")).body
    [delivery] = log["deliveries"]
    assert (delivery["statuses"], delivery["outcome"]) == ([503, 500, 202], "delivered")
    assert (log["counts"]["failedAttempts"], log["counts"]["delivered"]) == (2, 1)


@pytest.mark.graph_verified
async def test_a_slow_answer_is_tried_again(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    await graph.sim("PATCH", "faults", {"first_timeout_seconds": 0.05})
    hook.delays = [0.1]
    await graph.user()
    await hook.wait_for(2)
    await quiet(graph)
    assert (await graph.sim("GET", "notifications")).body["deliveries"][0]["statuses"] == [0, 202]


@pytest.mark.graph_verified
async def test_after_four_hours_a_delivery_is_given_up(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    await graph.sim("PATCH", "faults", {"retry_scale": 0})
    hook.statuses = [500] * 100
    await graph.user()
    await hook.wait_for(1)
    await quiet(graph)
    log = (await graph.sim("GET", "notifications")).body
    assert log["deliveries"][0]["outcome"] == "discarded"
    assert len(log["deliveries"][0]["statuses"]) == 11


@pytest.mark.parametrize(
    ("switches", "delivered", "name"),
    [({"drop_notifications": 1}, 0, "dropped"), ({"duplicate_notifications": 1}, 10, "duplicated")],
)
async def test_notifications_get_lost_and_come_twice(
    graph: Graph, hook: Webhook, switches: dict[str, Any], delivered: int, name: str
) -> None:
    await subscribe(graph, hook)
    await graph.sim("PATCH", "faults", switches)
    for _ in range(5):
        await graph.user()
    await hook.wait_for(delivered)
    await quiet(graph)
    assert (len(hook.items), (await counts(graph))[name]) == (delivered, 5)


async def test_notifications_can_be_late_and_out_of_order(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    await graph.sim("PATCH", "faults", {"delay_notifications": 60, "reorder": True})
    users = [await graph.user() for _ in range(10)]
    await asyncio.sleep(0.05)
    early = len(hook.items)
    await graph.sim("POST", "clock", {"advance_seconds": 61})
    seen = [item["resourceData"]["id"] for item in await hook.wait_for(10)]
    assert (early, set(seen)) == (0, set(users))
    assert seen != users


@pytest.mark.graph_verified
async def test_c_a_lifecycle_event_goes_to_the_lifecycle_url_and_names_the_tenant_as_graph_does(
    graph: Graph, hook: Webhook
) -> None:
    made = await subscribe(graph, hook, lifecycleNotificationUrl=hook.url.replace("/hook", "/lifecycle"))
    await graph.sim("POST", "lifecycle", {"event": "reauthorizationRequired"})
    [item] = await hook.wait_for(1)
    assert item.pop("subscriptionExpirationDateTime")
    assert item == {
        "subscriptionId": made["id"],
        "encryptedContent": None,
        "organizationId": graph.tenant.id,
        "lifecycleEvent": "reauthorizationRequired",
        "clientState": "state",
        "resource": f"Subscriptions/{made['id']}",
        "resourceChangeType": None,
        "resourceData": {
            "@odata.id": f"subscriptions/{made['id']}",
            "@odata.type": "#microsoft.graph.subscription",
            "id": made["id"],
        },
    }


async def test_c_a_lifecycle_event_can_look_as_documented(graph: Graph, hook: Webhook) -> None:
    await graph.sim("PATCH", "faults", {"documented_lifecycle": True})
    made = await subscribe(graph, hook, lifecycleNotificationUrl=hook.url)
    await graph.sim("POST", "lifecycle", {"event": "reauthorizationRequired"})
    [item] = await hook.wait_for(1)
    assert item.pop("subscriptionExpirationDateTime")
    assert item == {
        "subscriptionId": made["id"],
        "tenantId": graph.tenant.id,
        "clientState": "state",
        "lifecycleEvent": "reauthorizationRequired",
    }


async def test_without_a_lifecycle_url_nothing_is_sent(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    await graph.sim("POST", "lifecycle", {"event": "missed"})
    assert (await graph.sim("GET", "notifications")).body["pending"] == 0


async def test_a_removed_subscription_is_announced_and_gone(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook, lifecycleNotificationUrl=hook.url)
    await graph.sim("POST", "lifecycle", {"event": "subscriptionRemoved"})
    [item] = await hook.wait_for(1)
    assert (item["lifecycleEvent"], item["subscriptionId"]) == ("subscriptionRemoved", made["id"])
    assert (await graph.call("GET", f"/v1.0/subscriptions/{made['id']}")).status == 404


async def test_an_unknown_lifecycle_event_is_refused(graph: Graph) -> None:
    assert (await graph.sim("POST", "lifecycle", {"event": "renamed"})).status == 400


async def test_near_its_end_a_subscription_asks_for_reauthorization(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook, lifecycleNotificationUrl=hook.url)
    await graph.sim("POST", "clock", {"advance_seconds": 86_400 - 600})
    [item] = await hook.wait_for(1)
    assert item["lifecycleEvent"] == "reauthorizationRequired"


@pytest.mark.graph_verified
async def test_without_reauthorization_changes_are_lost(graph: Graph, hook: Webhook) -> None:
    await graph.sim("PATCH", "faults", {"stall_without_reauthorization": True})
    made = await subscribe(graph, hook)
    await graph.sim("POST", "lifecycle", {"event": "reauthorizationRequired"})
    await graph.user()
    await graph.call("POST", f"/v1.0/subscriptions/{made['id']}/reauthorize")
    user = await graph.user()
    items = await hook.wait_for(1)
    await quiet(graph)
    assert [item["resourceData"]["id"] for item in items] == [user]
    assert (await counts(graph))["stalled"] == 1


@pytest.mark.graph_verified
@pytest.mark.parametrize(("allowance", "lost"), [(3.0, False), (0.02, True)])
async def test_a_slow_endpoint_waits_and_a_very_slow_one_loses(
    graph: Graph, hook: Webhook, allowance: float, lost: bool
) -> None:
    await subscribe(graph, hook)
    switches = {"first_timeout_seconds": 0.05, "retry_timeout_seconds": allowance, "notification_batch_size": 1}
    await graph.sim("PATCH", "faults", {"endpoint_states": True, **switches})
    hook.delays = [0.1] * 10
    for _ in range(10):
        await graph.user()
    await hook.wait_for(20)
    user = await graph.user()
    await asyncio.sleep(0.05)
    early = len(hook.items)
    await graph.sim("POST", "clock", {"advance_seconds": 601})
    if lost:
        user = await graph.user()
    await hook.wait_for(21)
    assert (early, hook.items[-1]["resourceData"]["id"]) == (20, user)


async def test_a_subscription_deleted_meanwhile_is_not_served(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    await graph.sim("PATCH", "faults", {"delay_notifications": 0.05})
    await graph.user()
    await graph.call("DELETE", f"/v1.0/subscriptions/{made['id']}")
    await quiet(graph)
    assert (hook.items, (await counts(graph))["dropped"]) == ([], 1)
