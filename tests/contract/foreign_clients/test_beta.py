"""msgraph-beta-sdk performs every beta call that the app makes, and understands every answer."""

from importlib import import_module
from typing import Any

from dev.graph_schema.documented import SENT_ANYWAY
from dev.graph_simulator.methods import KINDS
from tests.contract.foreign_clients.conftest import Foreign
from tests.contract.foreign_clients.leftovers import leftovers
from tests.contract.graph_simulator.client import NUMBER


def model(file: str, name: str) -> Any:
    return getattr(import_module(f"msgraph_beta.generated.models.{file}"), name)


def own(foreign: Foreign, user: str) -> Any:
    return foreign.beta.users.by_user_id(user).authentication


async def test_requirements_are_read_and_set(foreign: Foreign) -> None:
    state = model("per_user_mfa_state", "PerUserMfaState")
    user = await foreign.graph.user()
    builder = own(foreign, user).requirements
    before = await builder.get()
    body = model("strong_authentication_requirements", "StrongAuthenticationRequirements")
    assert await builder.patch(body(per_user_mfa_state=state.Enforced)) is None
    after = await builder.get()
    assert (before.per_user_mfa_state, after.per_user_mfa_state) == (state.Disabled, state.Enforced)
    assert leftovers([before, after]) == []


async def test_preferences_are_read_and_set(foreign: Foreign) -> None:
    kind = model("user_default_authentication_method_type", "UserDefaultAuthenticationMethodType")
    user = await foreign.graph.user(authentication={"mobile": NUMBER})
    builder = own(foreign, user).sign_in_preferences
    body = model("sign_in_preferences", "SignInPreferences")
    await builder.patch(body(user_preferred_method_for_secondary_authentication=kind.Sms))
    shown = await builder.get()
    assert shown.user_preferred_method_for_secondary_authentication == kind.Sms
    known = {item.name for item in SENT_ANYWAY if item.type == "signInPreferences"}
    assert {place.removeprefix("answer.") for place in leftovers(shown)} == known


async def test_methods_include_the_hardware_token(foreign: Foreign) -> None:
    user = await foreign.graph.user(authentication={"mobile": NUMBER, "methods": list(KINDS)})
    answer = await own(foreign, user).methods.get()
    names = {type(method).__name__ for method in answer.value}
    assert "HardwareOathAuthenticationMethod" in names
    assert len(names) == 2 + len(KINDS)
    assert leftovers(answer) == []


async def test_users_delta_phones_and_policy(foreign: Foreign) -> None:
    user = await foreign.graph.user(authentication={"mobile": NUMBER})
    answers = [
        await foreign.beta.users.get(),
        await foreign.beta.users.delta.get(),
        await foreign.beta.users.by_user_id(user).get(),
        await own(foreign, user).phone_methods.get(),
        await foreign.beta.policies.authentication_methods_policy.get(),
    ]
    assert answers[-1].system_credential_preferences.state
    assert leftovers(answers) == []
