"""Microsoft's client understands the simulator's refusals: every one is an ODataError with its code."""

import json
from collections.abc import Awaitable, Callable

import pytest
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

from tests.contract.foreign_clients.conftest import Foreign
from tests.contract.foreign_clients.leftovers import leftovers

NOBODY = "99999999-9999-4999-8999-999999999999"
CALLS: dict[str, Callable[[Foreign], Awaitable[object]]] = {
    "user": lambda foreign: foreign.v1.users.by_user_id(NOBODY).get(),
    "phones": lambda foreign: foreign.v1.users.by_user_id(NOBODY).authentication.phone_methods.get(),
    "subscription": lambda foreign: foreign.v1.subscriptions.by_subscription_id(NOBODY).get(),
    "eligibilities": lambda foreign: foreign.v1.role_management.directory.role_eligibility_schedules.get(),
    "roles": lambda foreign: foreign.v1.role_management.directory.role_assignments.get(),
}


async def refusal(foreign: Foreign, call: str) -> tuple[int | None, str | None, str]:
    with pytest.raises(ODataError) as caught:
        await CALLS[call](foreign)
    error = caught.value
    assert error.error
    assert leftovers(error.error) == []
    assert error.error.inner_error
    assert error.error.inner_error.request_id
    return error.response_status_code, error.error.code, str(error.error.message)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("user", "Request_ResourceNotFound"),
        ("phones", "Request_ResourceNotFound"),
        ("subscription", "ResourceNotFound"),
    ],
)
async def test_what_does_not_exist(foreign: Foreign, call: str, code: str) -> None:
    assert (await refusal(foreign, call))[:2] == (404, code)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("user", "Authorization_RequestDenied"),
        ("phones", "accessDenied"),
        ("roles", "Authorization_RequestDenied"),
        ("eligibilities", "UnknownError"),
    ],
)
async def test_what_is_not_allowed(foreign: Foreign, call: str, code: str) -> None:
    foreign.token.roles = ("Application.Read.All",)
    status, told, message = await refusal(foreign, call)
    assert (status, told) == (403, code)
    if code == "UnknownError":
        assert json.loads(message)["errorCode"] == "PermissionScopeNotGranted"


async def test_a_missing_licence(foreign: Foreign) -> None:
    await foreign.graph.sim("PUT", "tenant", {"entraIdP2": False})
    assert (await refusal(foreign, "eligibilities"))[:2] == (400, "AadPremiumLicenseRequired")


@pytest.mark.parametrize(("call", "code"), [("user", "TooManyRequests"), ("roles", "UnknownError")])
async def test_throttling(foreign: Foreign, call: str, code: str) -> None:
    await foreign.graph.sim("PATCH", "faults", {"role_quota": [0.5, 10], "resource_unit_quota": [0.5, 10]})
    assert (await refusal(foreign, call))[:2] == (429, code)


async def test_an_error_of_the_back_end_has_no_code(foreign: Foreign) -> None:
    effect = {"status": 404, "backend": "bare"}
    await foreign.graph.sim("PATCH", "faults", {"rules": [{"effect": effect}]})
    with pytest.raises(ODataError) as caught:
        await CALLS["phones"](foreign)
    assert (caught.value.response_status_code, caught.value.error) == (404, None)
