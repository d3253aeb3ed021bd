"""The oracle: a good client breaks nothing, each kind of bad client is caught."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.contract.graph_simulator.client import (
    MOBILE_ID,
    NUMBER,
    OTHER_NUMBER,
    Graph,
    Webhook,
    inner,
    phone,
    phone_path,
    preference_path,
    state_path,
)
from tests.contract.graph_simulator.test_subscriptions import subscribe

ENABLE = {"perUserMfaState": "enabled"}


async def look(graph: Graph, user: str) -> None:
    """Read everything a careful client reads."""
    own = f"/users/{user}/authentication"
    names = (f"/users/{user}?$select=id,accountEnabled,userType,mobilePhone", f"{own}/phoneMethods", f"{own}/methods")
    requests = [inner(path, "GET", path) for path in (*names, f"{own}/requirements", f"{own}/signInPreferences")]
    assert (await graph.batch(*requests, version="beta")).status == 200


async def onboard(graph: Graph, user: str, number: str = NUMBER) -> None:
    """What a good client does: look, write, read back, then the state."""
    await look(graph, user)
    assert (await graph.call("POST", phone_path(user), phone(number))).status == 201
    assert len(await graph.phones(user)) == 1
    assert (await graph.call("PATCH", state_path(user), ENABLE)).status == 204


async def person(graph: Graph, **fields: Any) -> str:
    return await graph.user(**{"mobilePhone": "0171 3920001", "usageLocation": "DE", **fields})


async def test_a_good_client_breaks_nothing(graph: Graph) -> None:
    await onboard(graph, await person(graph))
    assert (await graph.violations(), await graph.races()) == ([], [])


async def follow(graph: Graph) -> None:
    """Onboard, then write the number that HR changed."""
    user = await person(graph)
    await onboard(graph, user)
    await graph.sim("PATCH", f"users/{user}", {"mobilePhone": OTHER_NUMBER})
    await look(graph, user)
    await graph.call("PATCH", phone_path(user, MOBILE_ID), phone(OTHER_NUMBER))


async def test_following_the_directory_with_an_own_number_is_fine(graph: Graph) -> None:
    await follow(graph)
    assert await graph.violations() == []


async def test_a_number_found_equal_to_the_directorys_counts_as_own(graph: Graph) -> None:
    user = await person(graph, authentication={"mobile": NUMBER})
    await look(graph, user)
    await graph.sim("PATCH", f"users/{user}", {"mobilePhone": OTHER_NUMBER})
    await look(graph, user)
    await graph.call("PATCH", phone_path(user, MOBILE_ID), phone(OTHER_NUMBER))
    assert await graph.violations() == []


async def test_writing_the_same_number_again_overwrites_nothing(graph: Graph) -> None:
    user = await person(graph, mobilePhone=OTHER_NUMBER, authentication={"mobile": NUMBER})
    await look(graph, user)
    await graph.call("PATCH", phone_path(user, MOBILE_ID), phone("+491713920001"))
    assert await graph.violations() == []


async def state_without_method(graph: Graph) -> None:
    user = await person(graph)
    await look(graph, user)
    await graph.call("PATCH", state_path(user), ENABLE)


async def state_without_read_back(graph: Graph) -> None:
    user = await person(graph)
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())
    await graph.call("PATCH", state_path(user), ENABLE)


async def state_with_read_back_in_the_same_batch(graph: Graph) -> None:
    user = await person(graph)
    await look(graph, user)
    own = f"/users/{user}/authentication"
    await graph.batch(
        inner("1", "POST", f"{own}/phoneMethods", phone()),
        inner("2", "GET", f"{own}/phoneMethods", dependsOn=["1"]),
        inner("3", "PATCH", f"{own}/requirements", ENABLE, dependsOn=["2"]),
        version="beta",
    )


async def state_after_a_read_that_never_arrived(graph: Graph) -> None:
    user = await person(graph)
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())
    await graph.sim("PATCH", "faults", {"rules": [{"match": {"method": "GET"}, "effect": {"error_after_commit": 504}}]})
    await graph.call("GET", phone_path(user))
    await graph.call("PATCH", state_path(user), ENABLE)


async def delete_phone(graph: Graph) -> None:
    user = await person(graph)
    await onboard(graph, user)
    await graph.call("DELETE", phone_path(user, MOBILE_ID))


async def lower_state(graph: Graph) -> None:
    user = await person(graph)
    await onboard(graph, user)
    await graph.call("PATCH", state_path(user), {"perUserMfaState": "disabled"})


async def enabled_over_enforced(graph: Graph) -> None:
    user = await person(graph)
    await onboard(graph, user)
    await look(graph, user)
    await graph.call("PATCH", state_path(user), ENABLE)


async def weaker_default(graph: Graph) -> None:
    user = await person(
        graph, authentication={"mobile": NUMBER, "methods": ["microsoftAuthenticator"], "preferred": "push"}
    )
    await look(graph, user)
    await graph.call("PATCH", preference_path(user), {"userPreferredMethodForSecondaryAuthentication": "sms"})


async def system_preference_off(graph: Graph) -> None:
    user = await person(graph)
    await look(graph, user)
    await graph.call("PATCH", preference_path(user), {"isSystemPreferredAuthenticationMethodEnabled": False})


async def phone_beside_a_stronger_method(graph: Graph) -> None:
    user = await person(graph, authentication={"methods": ["fido2"]})
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())


async def overwrite_of_a_persons_number(graph: Graph) -> None:
    user = await person(graph, authentication={"mobile": OTHER_NUMBER})
    await look(graph, user)
    await graph.call("PATCH", phone_path(user, MOBILE_ID), phone())


async def overwrite_after_a_person_changed_ours(graph: Graph) -> None:
    user = await person(graph)
    await onboard(graph, user)
    await graph.sim("PUT", f"users/{user}/phone", {"number": OTHER_NUMBER})
    await look(graph, user)
    await graph.call("PATCH", phone_path(user, MOBILE_ID), phone())


async def add_again_what_a_person_removed(graph: Graph) -> None:
    user = await person(graph)
    await onboard(graph, user)
    await graph.sim("DELETE", f"users/{user}/phone")
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())


async def follow_although_numbers_are_kept(graph: Graph) -> None:
    await graph.sim("PUT", "policy", {"existingPhone": "keep"})
    await follow(graph)


async def write_for_disabled(graph: Graph) -> None:
    user = await person(graph, accountEnabled=False)
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())


async def write_for_guest(graph: Graph) -> None:
    user = await person(graph, userType="Guest")
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())


async def write_without_ever_looking(graph: Graph) -> None:
    user = await person(graph)
    await graph.sim("PATCH", f"users/{user}", {"accountEnabled": False})
    await graph.call("POST", phone_path(user), phone())


async def write_for_excluded(graph: Graph) -> None:
    user = await person(graph)
    await graph.sim("PUT", "policy", {"excluded": [user]})
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())


async def write_for_cloud_user_though_synced_is_required(graph: Graph) -> None:
    await graph.sim("PUT", "policy", {"requireSynced": True})
    user = await person(graph)
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())


async def write_in_plan_mode(graph: Graph) -> None:
    await graph.sim("PUT", "policy", {"mode": "plan"})
    await graph.call("PATCH", state_path(await person(graph)), {"perUserMfaState": "nonsense"})


async def write_while_paused(graph: Graph) -> None:
    await graph.sim("PUT", "policy", {"paused": True})
    user = await person(graph)
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())


async def too_many_writes(graph: Graph) -> None:
    await graph.sim("PUT", "policy", {"writesPerHour": 2})
    await onboard(graph, await person(graph))
    user = await person(graph)
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone())


async def number_from_nowhere(graph: Graph) -> None:
    user = await person(graph)
    await look(graph, user)
    await graph.call("POST", phone_path(user), phone(OTHER_NUMBER))


async def impatience(graph: Graph) -> None:
    await graph.sim("PUT", "policy", {"strictRetryAfter": True})
    await graph.sim("PATCH", "faults", {"rules": [{"effect": {"status": 429, "retry_after": 60}, "times": 1}]})
    await graph.call("GET", "/v1.0/users")
    await graph.sim("POST", "clock", {"advance_seconds": 1})
    await graph.call("GET", "/v1.0/users")


BAD_CLIENTS = [
    (state_without_method, ["5"]),
    (state_without_read_back, ["5"]),
    (state_with_read_back_in_the_same_batch, ["5"]),
    (state_after_a_read_that_never_arrived, ["5"]),
    (delete_phone, ["6"]),
    (lower_state, ["6"]),
    (enabled_over_enforced, ["6"]),
    (weaker_default, ["6"]),
    (system_preference_off, ["6"]),
    (phone_beside_a_stronger_method, ["6"]),
    (overwrite_of_a_persons_number, ["7"]),
    (overwrite_after_a_person_changed_ours, ["7"]),
    (add_again_what_a_person_removed, ["7"]),
    (follow_although_numbers_are_kept, ["7"]),
    (write_for_disabled, ["8"]),
    (write_for_guest, ["8"]),
    (write_without_ever_looking, ["8"]),
    (write_for_excluded, ["8"]),
    (write_for_cloud_user_though_synced_is_required, ["8"]),
    (write_in_plan_mode, ["9"]),
    (write_while_paused, ["9"]),
    (too_many_writes, ["9"]),
    (number_from_nowhere, ["source"]),
    (impatience, ["12"]),
]


@pytest.mark.parametrize(("client", "found"), BAD_CLIENTS)
async def test_a_bad_client_is_caught(
    graph: Graph, client: Callable[[Graph], Awaitable[None]], found: list[str]
) -> None:
    await client(graph)
    assert (await graph.violations(), await graph.races()) == (found, [])


@pytest.mark.parametrize(
    ("policy", "client"),
    [
        ({"strongerMethod": "add"}, phone_beside_a_stronger_method),
        ({"existingPhone": "replace"}, overwrite_of_a_persons_number),
        ({"readdAfterRemoval": True}, add_again_what_a_person_removed),
        ({"includeGuests": True}, write_for_guest),
        ({"deletes": "own"}, delete_phone),
        ({"writesPerHour": 100}, onboard),
    ],
)
async def test_what_the_policy_allows_is_no_violation(
    graph: Graph, policy: dict[str, Any], client: Callable[..., Awaitable[None]]
) -> None:
    await graph.sim("PUT", "policy", policy)
    await (client(graph, await person(graph)) if client is onboard else client(graph))
    assert await graph.violations() == []


RACES: list[tuple[str, str, dict[str, Any], str]] = [
    ("PATCH", "users/{user}", {"accountEnabled": False}, "8"),
    ("DELETE", "users/{user}/phone", {}, "5"),
    ("POST", "users/{user}/methods", {"kind": "fido2"}, "6"),
    ("PUT", "users/{user}/phone", {"number": "+49 1713920009"}, "7"),
    ("PATCH", "users/{user}", {"mobilePhone": "+49 1713920009"}, "source"),
]


@pytest.mark.parametrize(("seconds", "raced"), [(5, True), (60, False)])
@pytest.mark.parametrize(("method", "path", "body", "invariant"), RACES)
async def test_what_changed_between_the_look_and_the_write_is_a_race(
    graph: Graph, method: str, path: str, body: dict[str, Any], invariant: str, seconds: float, raced: bool
) -> None:
    user = await person(graph)
    if invariant in ("5", "7"):
        await graph.call("POST", phone_path(user), phone())
        await graph.sim("PATCH", f"users/{user}", {"mobilePhone": OTHER_NUMBER})
    await look(graph, user)
    await graph.sim(method, path.replace("{user}", user), body)
    await graph.sim("POST", "clock", {"advance_seconds": seconds})
    await {
        "5": lambda: graph.call("PATCH", state_path(user), ENABLE),
        "7": lambda: graph.call("PATCH", phone_path(user, MOBILE_ID), phone(OTHER_NUMBER)),
    }.get(invariant, lambda: graph.call("POST", phone_path(user), phone()))()
    found = {"8": ["8"], "5": ["5"], "6": ["6"], "7": ["7"], "source": ["source"]}[invariant]
    assert (await graph.races() if raced else await graph.violations())[-1:] == found
    assert (await graph.violations() if raced else await graph.races()) == []


@pytest.mark.parametrize("seconds", [0.0, 10.0])
async def test_a_look_of_another_instance_does_not_make_a_race_a_violation(graph: Graph, seconds: float) -> None:
    await graph.sim("PUT", "policy", {"lookSeconds": seconds})
    user = await person(graph)
    await look(graph, user)
    await graph.sim("PATCH", f"users/{user}", {"mobilePhone": OTHER_NUMBER})
    await look(graph, user)  # the other instance; the first one has decided already
    await graph.call("POST", phone_path(user), phone(NUMBER))
    found = (await graph.violations(), await graph.races())
    assert found == (([], ["source"]) if seconds else (["source"], []))


async def test_a_lowered_state_can_be_a_race_too(graph: Graph) -> None:
    user = await person(graph, authentication={"mobile": NUMBER})
    await look(graph, user)
    await graph.sim("PUT", f"users/{user}/authentication", {"perUserMfaState": "enforced"})
    await graph.call("PATCH", state_path(user), ENABLE)
    assert (await graph.violations(), await graph.races()) == ([], ["6"])


@pytest.mark.graph_verified
@pytest.mark.parametrize(("wait", "found"), [(0, ["13"]), (599, ["13"]), (601, [])])
@pytest.mark.parametrize("first", ["renew", "reauthorize"])
async def test_a_renewal_and_a_reauthorization_need_ten_minutes_between_them(
    graph: Graph, hook: Webhook, first: str, wait: float, found: list[str]
) -> None:
    made = await subscribe(graph, hook)
    path = f"/v1.0/subscriptions/{made['id']}"
    renew = ("PATCH", path, {"expirationDateTime": made["expirationDateTime"]})
    calls = [renew, ("POST", f"{path}/reauthorize", None)]
    if first == "reauthorize":
        calls.reverse()
    await graph.call(*calls[0])
    await graph.sim("POST", "clock", {"advance_seconds": wait})
    await graph.call(*calls[1])
    assert await graph.violations() == found


async def test_two_renewals_are_fine(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    for _ in range(2):
        body = {"expirationDateTime": made["expirationDateTime"]}
        await graph.call("PATCH", f"/v1.0/subscriptions/{made['id']}", body)
    assert await graph.violations() == []


async def test_a_refused_write_is_judged_only_for_being_tried(graph: Graph) -> None:
    user = await person(graph, accountEnabled=False)
    await graph.call("POST", phone_path(user), phone("nonsense"))
    await graph.sim("PATCH", "faults", {"rules": [{"effect": {"status": 429}, "match": {"method": "POST"}}]})
    await graph.call("POST", phone_path(user), phone())
    assert await graph.violations() == []


async def test_a_409_that_saved_is_a_write(graph: Graph) -> None:
    await graph.user(authentication={"mobile": NUMBER, "smsSignIn": True})
    user = await person(graph, accountEnabled=False, authentication={"smsSignIn": True})
    assert (await graph.call("POST", phone_path(user), phone())).status == 409
    assert await graph.violations() == ["8"]
