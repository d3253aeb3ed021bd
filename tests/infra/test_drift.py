"""Parameters and code cannot drift apart: names, defaults, bounds, schedules. (Queues, tables, settings: in checks.)"""

import re
import tomllib
from typing import Any

import pytest

from dev import infra
from shared.errors import SettingsError
from shared.messages import CHORE_QUEUE, POISON_QUEUE, USER_QUEUE
from shared.models import DefaultMethod
from shared.policy import ExistingPhone, Mode, StrongerMethod
from shared.setting_values import NATIONAL_CLOUDS, target_state
from shared.settings import SETTINGS, Setting, read_settings
from tests.indexed import bindings
from tests.infra.deployment import Deployment

SECRETS = {"PREFILL_SECRET", "PREFILL_SECRET_PREVIOUS"}
REQUIRED = {
    "PREFILL_TENANT_ID": "11111111-2222-4333-8444-555555555555",
    "PREFILL_SECRET": "s" * 32,
    "WEBSITE_HOSTNAME": "app.example",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}


def parameter_name(setting: str) -> str:
    """PREFILL_MFA_STATE → mfaState."""
    first, *rest = setting.removeprefix("PREFILL_").lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def parameter(deployment: Deployment, setting: str) -> dict[str, Any]:
    return dict(deployment.template["parameters"][parameter_name(setting)])


def as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("setting", [each for each in SETTINGS if each.name not in SECRETS], ids=lambda each: each.name)
def test_every_setting_is_a_parameter_with_the_default_of_the_code(public: Deployment, setting: Setting) -> None:
    default = as_text(parameter(public, setting.name)["defaultValue"])
    # Empty: what the template finds out by itself, the tenant and the cloud's Graph
    expected = "" if setting.name in ("PREFILL_TENANT_ID", "PREFILL_GRAPH_URL") else setting.default
    assert default == expected


@pytest.mark.parametrize("setting", [each for each in SETTINGS if each.name not in SECRETS], ids=lambda each: each.name)
def test_every_parameter_reaches_its_setting(private: Deployment, setting: Setting) -> None:
    """The private set gives each another value than its default, so a mix-up shows."""
    given = infra.parameter_file("private").read_text()
    found = re.search(rf"^param {parameter_name(setting.name)} = '?(.*?)'?$", given, re.MULTILINE)
    assert found, "tests/infra/private.bicepparam should give it"
    assert private.settings()[setting.name] == found[1] != setting.default


def test_the_secrets_are_parameters_too(public: Deployment) -> None:
    for name in SECRETS:
        assert parameter(public, name)["type"] == "securestring"
        assert parameter(public, name)["defaultValue"] == ""


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("PREFILL_MODE", set(Mode)),
        ("PREFILL_EXISTING_PHONE", set(ExistingPhone)),
        ("PREFILL_STRONGER_METHOD", set(StrongerMethod)),
        ("PREFILL_DEFAULT_METHOD", {"none", *DefaultMethod}),
        ("PREFILL_GRAPH_URL", {"", *NATIONAL_CLOUDS}),
    ],
)
def test_allowed_words_are_those_of_the_code(public: Deployment, setting: str, words: set[str]) -> None:
    assert set(parameter(public, setting)["allowedValues"]) == {str(word) for word in words}


def test_every_allowed_state_is_one_the_code_takes_and_none_lowers(public: Deployment) -> None:
    allowed = set(parameter(public, "PREFILL_MFA_STATE")["allowedValues"])
    assert allowed == {"none", "enabled", "enforced"}
    for state in allowed:
        target_state(state)


@pytest.mark.parametrize("number", [1, 999999999])
def test_bounds_are_those_of_the_code(public: Deployment, number: int) -> None:
    bounds = parameter(public, "PREFILL_WRITES_PER_HOUR")
    assert number in (bounds["minValue"], bounds["maxValue"])
    assert read_settings(REQUIRED | {"PREFILL_WRITES_PER_HOUR": str(number)}).writes_per_hour == number
    outside = "0" if number == 1 else str(number + 1)
    with pytest.raises(SettingsError):
        read_settings(REQUIRED | {"PREFILL_WRITES_PER_HOUR": outside})


@pytest.mark.parametrize("parameters", ["public", "private"])
def test_the_code_takes_what_is_deployed(request: pytest.FixtureRequest, parameters: str) -> None:
    """Values that only Azure knows are put in by hand; everything else is the template's."""
    deployment: Deployment = request.getfixturevalue(parameters)
    known = {name: value for name, value in deployment.settings().items() if not value.startswith("[")}
    read_settings(REQUIRED | known)


def test_the_service_writes_to_nobody_until_told_to(public: Deployment) -> None:
    assert public.settings()["PREFILL_MODE"] == "plan"


def test_timers_run_by_the_settings_that_are_deployed(public: Deployment) -> None:
    timers = {binding["schedule"] for binding in bindings() if binding["type"] == "timerTrigger"}
    assert timers == {public.settings()[f"PREFILL_{which}_SCHEDULE"] for which in ("SWEEP", "RENEW")}


def test_triggers_and_outputs_use_no_other_queue() -> None:
    """What the check of queues compares with is complete."""
    used = {binding["queueName"] for binding in bindings() if binding["type"] in ("queueTrigger", "queue")}
    assert used == {USER_QUEUE, POISON_QUEUE, CHORE_QUEUE}


def test_the_runtime_is_the_one_the_project_is_made_for(public: Deployment) -> None:
    runtime = public.the("Microsoft.Web/sites")["properties"]["functionAppConfig"]["runtime"]["version"]
    wanted = tomllib.loads((infra.ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == f">={runtime},<3.{int(runtime.split('.')[1]) + 1}"
    assert (infra.ROOT / ".python-version").read_text().strip().startswith(runtime)
