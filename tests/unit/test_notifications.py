"""Graph's notifications, item by item: whom they are about, or why they are not taken."""

import json
from typing import Any

import pytest

from shared.notifications import (
    ChangeNotification,
    Dropped,
    LifecycleEvent,
    WrongShape,
    items_in,
    read_change,
    read_lifecycle,
)
from tests.builders import (
    ALICE,
    KEYS,
    SUBSCRIPTION,
    TENANT,
    change_item,
    expected,
    lifecycle_item,
    object_ids,
    sent_lifecycle_item,
)

BOB = object_ids(1)[0]
HIM = ChangeNotification(ALICE)

DOCUMENTED = f"""
{{
  "value": [
    {{
      "id": "lsgTZMr9KwAAA",
      "subscriptionId": "{SUBSCRIPTION}",
      "subscriptionExpirationDateTime": "2026-12-17T12:48:43.7825578+00:00",
      "clientState": "{KEYS.client_state()}",
      "changeType": "updated",
      "resource": "users/{ALICE}",
      "tenantId": "{TENANT}",
      "resourceData": {{
        "@odata.type": "#Microsoft.Graph.User",
        "@odata.id": "users/{ALICE}",
        "id": "{ALICE}"
      }}
    }}
  ]
}}
"""
"""The documented shape, with the item id that captured payloads for users lack.
https://learn.microsoft.com/graph/change-notifications-delivery-webhooks"""

LIFECYCLE = f"""
{{
  "value": [
    {{
      "subscriptionId": "{SUBSCRIPTION}",
      "subscriptionExpirationDateTime": "2026-12-17T12:48:43.7825578+00:00",
      "tenantId": "{TENANT}",
      "clientState": "{KEYS.client_state()}",
      "lifecycleEvent": "reauthorizationRequired"
    }}
  ]
}}
"""
"""https://learn.microsoft.com/graph/change-notifications-lifecycle-events"""


def without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}


def with_data(**data: Any) -> dict[str, Any]:
    """A change item whose resourceData is this and nothing more."""
    return change_item(resourceData={key.replace("odata_", "@odata."): value for key, value in data.items()})


# --- what Microsoft sends --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(DOCUMENTED, id="as documented"),
        pytest.param(json.dumps({"value": [change_item()]}), id="as captured"),
    ],
)
def test_a_change_notification_of_microsofts_shape_is_read_unchanged(body: str) -> None:
    assert [read_change(item, expected()) for item in items_in(body.encode())] == [HIM]


def test_a_lifecycle_notification_of_microsofts_shape_is_read_unchanged() -> None:
    events = [read_lifecycle(item, expected()) for item in items_in(LIFECYCLE.encode())]
    assert events == [LifecycleEvent.REAUTHORIZATION_REQUIRED]


# --- the collection --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "items"),
    [
        pytest.param(b'{"value": []}', [], id="no items"),
        pytest.param(b'{"value": [1, null, {}]}', [1, None, {}], id="items of any kind"),
        pytest.param(b' {"value": [], "validationTokens": ["x"]}\r\n', [], id="more than a value"),
        pytest.param(b'{"value": [1], "value": [2]}', [2], id="the last of two values"),
    ],
)
def test_which_items_a_body_holds(body: bytes, items: list[Any]) -> None:
    assert items_in(body) == items


NO_COLLECTIONS = [
    pytest.param(b"", id="empty"),
    pytest.param(b"hello", id="not JSON"),
    pytest.param(b"<html></html>", id="HTML"),
    pytest.param(b'{"value": [', id="cut off"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"null", id="null"),
    pytest.param(b"42", id="a number"),
    pytest.param(b'"value"', id="a text"),
    pytest.param(b"{}", id="no value"),
    pytest.param(b'{"value": null}', id="value null"),
    pytest.param(b'{"value": {}}', id="value an object"),
    pytest.param(b'{"value": "x"}', id="value a text"),
    pytest.param(b'{"Value": []}', id="value in another case"),
    pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
    pytest.param('{"value": []}'.encode("utf-16"), id="UTF-16"),
    pytest.param('{"value": ["é"]}'.encode("latin-1"), id="Latin-1"),
    pytest.param(b"[" * 100_000, id="deep lists"),
    pytest.param(b'{"value":' * 20_000, id="deep objects"),
    pytest.param(b'{"value": [' + b"9" * 5_000 + b"]}", id="a number of 5,000 digits"),
]


@pytest.mark.parametrize("body", NO_COLLECTIONS)
def test_what_is_no_collection_has_the_wrong_shape(body: bytes) -> None:
    with pytest.raises(WrongShape):
        items_in(body)


# --- is it ours? -----------------------------------------------------------------------------------------------------

STRANGERS = [
    pytest.param("clientState", "wrong", Dropped.CLIENT_STATE, id="wrong clientState"),
    pytest.param("clientState", "", Dropped.CLIENT_STATE, id="empty clientState"),
    pytest.param("clientState", None, Dropped.CLIENT_STATE, id="null as clientState"),
    pytest.param("clientState", 42, Dropped.CLIENT_STATE, id="number as clientState"),
    pytest.param("clientState", True, Dropped.CLIENT_STATE, id="true as clientState"),
    pytest.param("clientState", [KEYS.client_state()], Dropped.CLIENT_STATE, id="list as clientState"),
    pytest.param("clientState", "\ud800", Dropped.CLIENT_STATE, id="lone surrogate as clientState"),
    pytest.param("clientState", KEYS.client_state() + " ", Dropped.CLIENT_STATE, id="clientState and a blank"),
    pytest.param("tenantId", SUBSCRIPTION, Dropped.TENANT, id="foreign tenant"),
    pytest.param("tenantId", "", Dropped.TENANT, id="empty tenant"),
    pytest.param("tenantId", None, Dropped.TENANT, id="null as tenant"),
    pytest.param("tenantId", [TENANT], Dropped.TENANT, id="list as tenant"),
    pytest.param("subscriptionId", "", Dropped.SUBSCRIPTION, id="empty subscription"),
    pytest.param("subscriptionId", "subscription-1", Dropped.SUBSCRIPTION, id="non-GUID subscription"),
    pytest.param("subscriptionId", None, Dropped.SUBSCRIPTION, id="null as subscription"),
    pytest.param("subscriptionId", 7, Dropped.SUBSCRIPTION, id="number as subscription"),
]


@pytest.mark.parametrize(("name", "value", "dropped"), STRANGERS)
def test_an_item_that_is_not_ours_is_dropped(name: str, value: object, dropped: Dropped) -> None:
    assert read_change(change_item(**{name: value}), expected()) is dropped
    assert read_lifecycle(lifecycle_item(**{name: value}), expected()) is dropped


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("clientState", Dropped.CLIENT_STATE),
        ("tenantId", Dropped.TENANT),
        ("subscriptionId", Dropped.SUBSCRIPTION),
    ],
)
def test_an_item_that_does_not_say_whose_it_is_is_dropped(name: str, dropped: Dropped) -> None:
    assert read_change(without(change_item(), name), expected()) is dropped
    assert read_lifecycle(without(lifecycle_item(), name), expected()) is dropped


@pytest.mark.parametrize("item", [None, True, 1, "users", [], [change_item()]], ids=repr)
def test_an_item_that_is_no_object_is_dropped(item: object) -> None:
    assert read_change(item, expected()) is Dropped.SHAPE
    assert read_lifecycle(item, expected()) is Dropped.SHAPE


@pytest.mark.parametrize(
    ("subscription", "ours"),
    [
        pytest.param(SUBSCRIPTION, True, id="ours"),
        pytest.param(SUBSCRIPTION.upper(), True, id="ours in upper case"),
        pytest.param(BOB, False, id="another one"),
    ],
)
def test_where_our_subscription_is_known_only_that_one_counts(subscription: str, ours: bool) -> None:
    known = expected(subscription_id=SUBSCRIPTION)
    change = read_change(change_item(subscriptionId=subscription), known)
    event = read_lifecycle(lifecycle_item("missed", subscriptionId=subscription), known)
    assert (change, event) == ((HIM, LifecycleEvent.MISSED) if ours else (Dropped.FOREIGN, Dropped.FOREIGN))


@pytest.mark.parametrize(("name", "value", "dropped"), STRANGERS)
def test_a_known_subscription_does_not_make_up_for_anything_else(name: str, value: object, dropped: Dropped) -> None:
    assert read_change(change_item(**{name: value}), expected(subscription_id=SUBSCRIPTION)) is dropped


def test_a_client_state_is_looked_at_before_anything_else_is_told() -> None:
    stranger = change_item(clientState="wrong", tenantId=None, subscriptionId=None, resource=None)
    assert read_change(stranger, expected()) is Dropped.CLIENT_STATE


# --- which tenant? ----------------------------------------------------------------------------------------------------

OTHER_TENANT = object_ids(2)[1]
ABSENT = object()


def naming(item: dict[str, Any], **places: object) -> dict[str, Any]:
    """The item with its tenant in these places and in no other: tenantId, organizationId, and in resourceData."""
    data = {key: value for key, value in (item.get("resourceData") or {}).items() if key != "organizationId"}
    bare = {key: value for key, value in item.items() if key not in {"tenantId", "organizationId"}}
    inner = places.pop("inside", ABSENT)
    return bare | places | {"resourceData": data if inner is ABSENT else data | {"organizationId": inner}}


TENANT_NAMED = [
    {"tenantId": TENANT},
    {"organizationId": TENANT},
    {"organizationId": TENANT.upper()},
    {"tenantId": TENANT, "organizationId": TENANT},
    {"tenantId": None, "organizationId": TENANT},
    {"tenantId": TENANT, "organizationId": None},
    {"organizationId": TENANT, "inside": TENANT},
    {"tenantId": TENANT, "inside": TENANT.upper()},
    {"tenantId": TENANT, "inside": None},
]
TENANT_WRONG = [
    {},
    {"tenantId": None},
    {"organizationId": None},
    {"tenantId": None, "organizationId": None},
    {"inside": TENANT},
    {"organizationId": OTHER_TENANT},
    {"tenantId": TENANT, "organizationId": OTHER_TENANT},
    {"tenantId": OTHER_TENANT, "organizationId": TENANT},
    {"tenantId": TENANT, "inside": OTHER_TENANT},
    {"organizationId": TENANT, "inside": OTHER_TENANT},
    {"organizationId": ""},
    {"tenantId": "", "organizationId": TENANT},
    {"tenantId": TENANT, "organizationId": ""},
    {"organizationId": [TENANT]},
    {"tenantId": TENANT, "organizationId": 7},
    {"tenantId": [TENANT], "organizationId": TENANT},
    {"tenantId": TENANT, "inside": {"id": TENANT}},
    {"tenantId": TENANT, "inside": False},
    {"organizationId": f"{TENANT} "},
]


@pytest.mark.parametrize("places", TENANT_NAMED, ids=str)
def test_c_the_tenant_may_stand_in_either_property(places: dict[str, Any]) -> None:
    assert read_change(naming(change_item(), **places), expected()) == HIM
    for item in (lifecycle_item(), sent_lifecycle_item()):
        assert read_lifecycle(naming(item, **places), expected()) is LifecycleEvent.REAUTHORIZATION_REQUIRED


@pytest.mark.parametrize("places", TENANT_WRONG, ids=str)
def test_c_no_tenant_another_one_or_no_text_in_any_place_is_refused(places: dict[str, Any]) -> None:
    assert read_change(naming(change_item(), **places), expected()) is Dropped.TENANT
    for item in (lifecycle_item(), sent_lifecycle_item()):
        assert read_lifecycle(naming(item, **places), expected()) is Dropped.TENANT


@pytest.mark.parametrize("event", LifecycleEvent)
def test_c_a_lifecycle_notification_as_graph_sends_it_is_read(event: LifecycleEvent) -> None:
    assert read_lifecycle(sent_lifecycle_item(event.value), expected(subscription_id=SUBSCRIPTION)) is event


# --- whom is it about? -----------------------------------------------------------------------------------------------

TAKEN = [
    pytest.param(change_item(resource=f"Users/{ALICE}"), id="Users/"),
    pytest.param(change_item(resource=f"users/{ALICE}"), id="users/"),
    pytest.param(change_item(resource=f"/users/{ALICE}"), id="/users/"),
    pytest.param(change_item(resource=f"users/{ALICE}/"), id="users/ with a slash behind"),
    pytest.param(change_item(resource=f"users('{ALICE}')"), id="users('…')"),
    pytest.param(change_item(resource=f"Users('{ALICE}')"), id="Users('…')"),
    pytest.param(change_item(resource=f"/Users('{ALICE}')/"), id="/Users('…')/"),
    pytest.param(change_item(resource=f"v1.0/users/{ALICE}"), id="v1.0/users/"),
    pytest.param(change_item(resource=f"/beta/Users('{ALICE}')"), id="/beta/Users('…')"),
    pytest.param(change_item(resource=f"Users('{ALICE}')", resourceData=None), id="Users('…'), no data"),
    pytest.param(change_item(resource=f"v1.0/users/{ALICE.upper()}", resourceData={}), id="v1.0/users/, no data"),
    pytest.param(with_data(id=None, odata_type=None), id="nulls in resourceData"),
    pytest.param(with_data(id=ALICE), id="no type"),
    pytest.param(with_data(id=ALICE, odata_type="#microsoft.graph.user"), id="lower-case type"),
    pytest.param(with_data(id=ALICE.upper()), id="upper-case id"),
    pytest.param(change_item(ALICE.upper()), id="upper-case id everywhere"),
    pytest.param(with_data(odata_type="#Microsoft.Graph.User"), id="no id but in the path"),
    pytest.param(without(change_item(), "resourceData"), id="no resourceData"),
    pytest.param(change_item(resourceData=None), id="null as resourceData"),
    pytest.param(change_item(resourceData=[]), id="list as resourceData"),
    pytest.param(change_item(resource=f"Users/{BOB}"), id="resourceData wins over the path"),
    pytest.param(change_item(tenantId=TENANT.upper()), id="upper-case tenant"),
    pytest.param(change_item(subscriptionId=SUBSCRIPTION.upper()), id="upper-case subscription"),
    pytest.param(change_item(subscriptionId=BOB), id="any subscription where ours is not known"),
    pytest.param(change_item(changeType="created"), id="any change type"),
    pytest.param(without(change_item(), "changeType"), id="no change type"),
    pytest.param(change_item(sequenceNumber=-1, extra={"deep": [1]}), id="more properties"),
]


@pytest.mark.parametrize("item", TAKEN)
def test_a_change_notification_is_a_hint_to_look_at_a_user(item: dict[str, Any]) -> None:
    assert read_change(item, expected()) == HIM


DROPPED = [
    pytest.param(without(change_item(), "resource"), Dropped.RESOURCE, id="no resource"),
    pytest.param(change_item(resource=None), Dropped.RESOURCE, id="null as resource"),
    pytest.param(change_item(resource=7), Dropped.RESOURCE, id="number as resource"),
    pytest.param(change_item(resource=f"groups/{ALICE}"), Dropped.RESOURCE, id="a group"),
    pytest.param(change_item(resource=f"me/users/{ALICE}"), Dropped.RESOURCE, id="users further down"),
    pytest.param(change_item(resource=f"users/{ALICE}/manager"), Dropped.RESOURCE, id="something of a user"),
    pytest.param(change_item(resource="users"), Dropped.RESOURCE, id="all users"),
    pytest.param(change_item(resource="users('')"), Dropped.RESOURCE, id="users('')"),
    pytest.param(change_item(resource="users()"), Dropped.RESOURCE, id="users()"),
    pytest.param(change_item(resource=f"users({ALICE})"), Dropped.RESOURCE, id="a key without quotes"),
    pytest.param(change_item(resource=f"users('{ALICE}"), Dropped.RESOURCE, id="a key cut off"),
    pytest.param(change_item(resource=f"users('{ALICE}')/messages"), Dropped.RESOURCE, id="something of users('…')"),
    pytest.param(change_item(resource=f"users('{ALICE}')?$select=id"), Dropped.RESOURCE, id="a query behind a key"),
    pytest.param(change_item(resource=f"groups('{ALICE}')"), Dropped.RESOURCE, id="groups('…')"),
    pytest.param(change_item(resource=f"v2.0/users/{ALICE}"), Dropped.RESOURCE, id="a version that is none"),
    pytest.param(change_item(resource=f"v1x0/users/{ALICE}"), Dropped.RESOURCE, id="nearly a version"),
    pytest.param(change_item(resource=f"xusers/{ALICE}"), Dropped.RESOURCE, id="nearly users"),
    pytest.param(change_item(resource="users/"), Dropped.RESOURCE, id="no user"),
    pytest.param(change_item(resource=f"users/{ALICE}?$select=id"), Dropped.RESOURCE, id="a query"),
    pytest.param(change_item(resource=f"users/../{ALICE}"), Dropped.RESOURCE, id="a path that climbs"),
    pytest.param(with_data(id=ALICE, odata_type="#microsoft.graph.group"), Dropped.RESOURCE, id="type group"),
    pytest.param(with_data(id=ALICE, odata_type="#microsoft.graph.user2"), Dropped.RESOURCE, id="a longer type"),
    pytest.param(with_data(id=ALICE, odata_type=7), Dropped.RESOURCE, id="number as type"),
    pytest.param(with_data(id="alice@contoso.example"), Dropped.USER_ID, id="a user principal name"),
    pytest.param(with_data(id=f"../{ALICE}"), Dropped.USER_ID, id="an id that climbs"),
    pytest.param(with_data(id=f"{ALICE}/../../groups"), Dropped.USER_ID, id="an id that leads elsewhere"),
    pytest.param(with_data(id=f"{ALICE}%2f.."), Dropped.USER_ID, id="an escaped path in the id"),
    pytest.param(with_data(id=f"{ALICE}\n"), Dropped.USER_ID, id="an id and a line end"),
    pytest.param(with_data(id=""), Dropped.USER_ID, id="empty id"),
    pytest.param(with_data(id=7), Dropped.USER_ID, id="number as id"),
    pytest.param(with_data(id=[ALICE]), Dropped.USER_ID, id="list as id"),
    pytest.param(change_item(resource="users/..%2f..", resourceData={}), Dropped.USER_ID, id="escaped path, no data"),
    pytest.param(change_item(resource="users/..", resourceData={}), Dropped.USER_ID, id="climbing path, no data"),
    pytest.param(change_item(resource="users('..')", resourceData={}), Dropped.USER_ID, id="climbing key, no data"),
    pytest.param(
        change_item(resource="users('alice@contoso.example')", resourceData={}), Dropped.USER_ID, id="name as key"
    ),
    pytest.param(
        change_item(resource="users/alice@contoso.example", resourceData={}), Dropped.USER_ID, id="name in path"
    ),
]


@pytest.mark.parametrize(("item", "dropped"), DROPPED)
def test_an_item_that_names_no_user_is_dropped(item: dict[str, Any], dropped: Dropped) -> None:
    assert read_change(item, expected()) is dropped


# --- lifecycle -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", LifecycleEvent)
def test_each_lifecycle_event_is_read(event: LifecycleEvent) -> None:
    assert read_lifecycle(lifecycle_item(event.value), expected()) is event


@pytest.mark.parametrize("event", ["", "Missed", "exploded", None, 7, ["missed"], {"missed": 1}], ids=repr)
def test_an_unknown_lifecycle_event_is_dropped(event: object) -> None:
    assert read_lifecycle(lifecycle_item(event), expected()) is Dropped.EVENT


def test_a_change_notification_is_no_lifecycle_event() -> None:
    assert read_lifecycle(change_item(), expected()) is Dropped.EVENT


def test_a_lifecycle_notification_is_about_no_user() -> None:
    assert read_change(lifecycle_item(), expected()) is Dropped.RESOURCE
    assert read_change(sent_lifecycle_item(), expected()) is Dropped.RESOURCE
