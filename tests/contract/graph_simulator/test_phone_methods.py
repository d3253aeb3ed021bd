"""…/authentication/phoneMethods: fixed ids, one per type, the format, and the 409 that saved."""

import pytest

from tests.contract.graph_simulator.client import (
    ALTERNATE_ID,
    MOBILE_ID,
    NUMBER,
    OFFICE_ID,
    OTHER_NUMBER,
    Graph,
    phone,
    phone_path,
)

BAD_FORMAT = (400, "badRequest", "The phone number is not valid. Use the format +{country code} {number}x{extension}.")


@pytest.mark.graph_verified
async def test_a_created_phone_has_its_fixed_id_and_is_listed(graph: Graph) -> None:
    user = await graph.user()
    made = await graph.call("POST", phone_path(user), phone())
    listed = await graph.phones(user)
    assert made.status == 201
    assert (made.body["id"], made.body["phoneNumber"], made.body["phoneType"]) == (MOBILE_ID, NUMBER, "mobile")
    assert [item["id"] for item in listed] == [MOBILE_ID]
    assert listed[0]["smsSignInState"] == "notAllowedByPolicy"
    assert (await graph.call("GET", phone_path(user, MOBILE_ID))).body["phoneNumber"] == NUMBER


@pytest.mark.graph_verified
@pytest.mark.parametrize(
    ("phone_type", "identifier", "number"),
    [
        ("mobile", MOBILE_ID, NUMBER),
        ("alternateMobile", ALTERNATE_ID, NUMBER),
        ("office", OFFICE_ID, "+49 3023125000x7"),
    ],
)
async def test_each_type_has_one_fixed_id(graph: Graph, phone_type: str, identifier: str, number: str) -> None:
    user = await graph.user(authentication={"mobile": OTHER_NUMBER} if phone_type == "alternateMobile" else {})
    made = await graph.call("POST", phone_path(user, version="beta"), phone(number, phone_type))
    assert (made.status, made.body["id"], made.body["phoneNumber"]) == (201, identifier, number)


@pytest.mark.graph_verified
async def test_a_patch_changes_the_number_and_says_nothing(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER})
    answer = await graph.call("PATCH", phone_path(user, MOBILE_ID), phone(OTHER_NUMBER))
    assert (answer.status, answer.text) == (204, "")
    assert [item["phoneNumber"] for item in await graph.phones(user)] == [OTHER_NUMBER]


@pytest.mark.graph_verified
async def test_a_delete_takes_the_phone_away(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER})
    assert (await graph.call("DELETE", phone_path(user, MOBILE_ID))).status == 204
    assert await graph.phones(user) == []


async def test_a_registered_type_cannot_be_created_again(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER})
    answer = await graph.call("POST", phone_path(user), phone(OTHER_NUMBER))
    message = "A phone method of type mobile is already registered for this user."
    assert answer.refusal == (400, "badRequest", message)
    assert [item["phoneNumber"] for item in await graph.phones(user)] == [NUMBER]


async def test_an_alternate_needs_a_mobile(graph: Graph) -> None:
    answer = await graph.call("POST", phone_path(await graph.user()), phone(NUMBER, "alternateMobile"))
    message = "A mobile phone must be registered before an alternate mobile phone."
    assert answer.refusal == (400, "badRequest", message)


async def test_a_mobile_stays_while_an_alternate_exists(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER, "alternateMobile": OTHER_NUMBER})
    assert (await graph.call("DELETE", phone_path(user, MOBILE_ID))).status == 400


async def test_the_default_method_stays_while_other_phones_exist(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER, "office": OTHER_NUMBER, "preferred": "voiceOffice"})
    assert (await graph.call("DELETE", phone_path(user, OFFICE_ID))).status == 400


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", phone()), ("DELETE", None)])
@pytest.mark.parametrize("identifier", [MOBILE_ID, "00000000-0000-4000-8000-000000000000"])
async def test_an_absent_phone_is_a_404(graph: Graph, method: str, body: object, identifier: str) -> None:
    answer = await graph.call(method, phone_path(await graph.user(), identifier), body)
    assert (answer.status, answer.code) == (404, "resourceNotFound")


@pytest.mark.parametrize(
    "number",
    [
        "",
        "0171 3920001",
        "+49 0",
        "+49-1713920001",
        "+49 171 3920001",
        "+999 123456789",
        "+4 1",
        "+49 17139200010000",
        "n/a",
    ],
)
async def test_a_bad_number_is_refused(graph: Graph, number: str) -> None:
    user = await graph.user()
    answer = await graph.call("POST", phone_path(user), phone(number))
    assert answer.refusal == BAD_FORMAT
    assert await graph.phones(user) == []


async def test_a_bad_number_is_refused_by_patch_too(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER})
    answers = [
        await graph.call("PATCH", phone_path(user, MOBILE_ID), phone("12")),
        await graph.call("PATCH", phone_path(user, MOBILE_ID), {}),
        await graph.call("PATCH", phone_path(user, MOBILE_ID), phone(OTHER_NUMBER, "office")),
        await graph.call("POST", phone_path(user), phone(OTHER_NUMBER, "fax")),
    ]
    assert [answer.status for answer in answers] == [400] * 4
    assert [item["phoneNumber"] for item in await graph.phones(user)] == [NUMBER]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("+491713920001", NUMBER), ("+12015550123", "+1 2015550123"), ("+35312345678", "+353 12345678")],
)
async def test_a_number_without_the_space_comes_back_with_it(graph: Graph, sent: str, stored: str) -> None:
    user = await graph.user()
    assert (await graph.call("POST", phone_path(user), phone(sent))).body["phoneNumber"] == stored


@pytest.mark.graph_verified
async def test_strictly_the_space_is_a_must(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"strict_phone_format": True})
    answer = await graph.call("POST", phone_path(await graph.user()), phone("+491713920001"))
    assert answer.refusal == BAD_FORMAT


@pytest.mark.graph_verified
async def test_only_office_phones_have_extensions(graph: Graph) -> None:
    answer = await graph.call("POST", phone_path(await graph.user()), phone(f"{NUMBER}x12"))
    assert answer.refusal == (400, "badRequest", "Extensions are supported for office phones only.")


@pytest.mark.parametrize("holder_deleted", [False, True])
async def test_a_number_held_for_sms_sign_in_is_a_409_although_it_is_saved(graph: Graph, holder_deleted: bool) -> None:
    holder = await graph.user(authentication={"mobile": NUMBER, "smsSignIn": True})
    user = await graph.user(authentication={"smsSignIn": True})
    if holder_deleted:
        await graph.sim("DELETE", f"users/{holder}")
    answer = await graph.call("POST", phone_path(user), phone())
    assert (answer.status, answer.code) == (409, "phoneNumberNotUnique")
    [saved] = await graph.phones(user)
    assert (saved["phoneNumber"], saved["smsSignInState"]) == (NUMBER, "phoneNumberNotUnique")


async def test_a_number_gone_for_good_is_free_again(graph: Graph) -> None:
    holder = await graph.user(authentication={"mobile": NUMBER, "smsSignIn": True})
    await graph.sim("DELETE", f"users/{holder}?permanent=true")
    user = await graph.user(authentication={"smsSignIn": True})
    answer = await graph.call("POST", phone_path(user), phone())
    assert (answer.status, answer.body["smsSignInState"]) == (201, "ready")


async def test_a_number_given_up_is_free_again(graph: Graph) -> None:
    holder = await graph.user(authentication={"mobile": NUMBER, "smsSignIn": True})
    changer = await graph.user(authentication={"mobile": OTHER_NUMBER, "smsSignIn": True})
    await graph.sim("DELETE", f"users/{holder}/phone")
    await graph.sim("PUT", f"users/{changer}/phone", {"number": "+49 1713920003"})
    for number in (NUMBER, OTHER_NUMBER):
        user = await graph.user(authentication={"smsSignIn": True})
        assert (await graph.call("POST", phone_path(user), phone(number))).status == 201


async def test_outside_the_sms_sign_in_policy_numbers_may_be_shared(graph: Graph) -> None:
    await graph.user(authentication={"mobile": NUMBER})
    user = await graph.user(authentication={"smsSignIn": True})
    assert (await graph.call("POST", phone_path(user), phone())).status == 201


async def test_a_phone_that_is_no_mobile_knows_no_sms_sign_in(graph: Graph) -> None:
    user = await graph.user(authentication={"office": NUMBER, "smsSignIn": True})
    assert [item["smsSignInState"] for item in await graph.phones(user)] == ["notSupported"]


async def test_a_lagging_read_misses_the_write_then_shows_it(graph: Graph) -> None:
    user = await graph.user()
    await graph.sim("PATCH", "faults", {"read_lag_seconds": 30})
    await graph.sim("POST", "clock", {"advance_seconds": 31})
    await graph.call("POST", phone_path(user), phone())
    early = await graph.phones(user)
    methods = (await graph.call("GET", f"/v1.0/users/{user}/authentication/methods")).body["value"]
    await graph.sim("POST", "clock", {"advance_seconds": 31})
    assert (early, len(methods), len(await graph.phones(user))) == ([], 1, 1)


@pytest.mark.parametrize("fields", [{"userType": "Guest"}, {"accountEnabled": False}])
async def test_guests_and_disabled_users_are_no_exception(graph: Graph, fields: dict[str, object]) -> None:
    user = await graph.user(**fields)
    assert (await graph.call("POST", phone_path(user), phone())).status == 201
