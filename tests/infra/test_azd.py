"""azd, its layers and hooks, and the templates fit each other."""

import ast
import json
import os
import re
import sys
from typing import Any

import pytest
import yaml

from dev import infra
from tests.infra.deployment import Deployment

HOOKS = sorted((infra.INFRA / "hooks").glob("*.py"))
SETTINGS_OF_AZD = {"AZURE_ENV_NAME", "AZURE_LOCATION"}


@pytest.fixture(scope="module")
def azure() -> Any:
    return yaml.safe_load((infra.ROOT / "azure.yaml").read_text())


def parameter_file(layer: str) -> dict[str, str]:
    """Parameter to the text that azd fills in."""
    folder = infra.INFRA if layer == "main" else infra.INFRA / "graph"
    parameters = json.loads((folder / "main.parameters.json").read_text())["parameters"]
    return {name: str(parameter["value"]) for name, parameter in parameters.items()}


def test_the_service_is_the_one_that_is_tagged(azure: Any, deployment: Deployment) -> None:
    [service] = azure["services"]
    assert deployment.the("Microsoft.Web/sites")["tags"]["azd-service-name"] == service
    assert f"SERVICE_{service.upper()}_URI" in deployment.snapshot["outputs"]
    assert azure["services"][service] == {"project": ".", "language": "python", "host": "function"}


def test_layers_are_the_templates_and_the_second_needs_the_first(azure: Any) -> None:
    layers = {layer["name"]: layer for layer in azure["infra"]["layers"]}
    assert {(infra.ROOT / layer["path"] / "main.bicep") for layer in layers.values()} == set(infra.TEMPLATES.values())
    assert layers["graph"]["dependsOn"] == ["app"]


def test_no_parameters_in_bicep_stand_beside_a_template() -> None:
    """azd would prefer them, and could then resolve no secret."""
    assert list(infra.INFRA.rglob("*.bicepparam")) == []


@pytest.mark.parametrize("layer", ["main", "graph"])
def test_parameters_and_their_file_are_level(compiled: Any, layer: str) -> None:
    given, template = parameter_file(layer), compiled.templates[layer]["parameters"]
    left_out = {name for name in template if name.startswith("newSecret")}
    assert set(given) == set(template) - left_out
    for name, text in given.items():
        assert re.fullmatch(r"\$\{[A-Z_]+(=[^{}]*)?\}", text), text
        required = "defaultValue" not in template[name]
        assert ("=" not in text) == required, f"{name}: azd asks for what has no default"


@pytest.mark.parametrize("layer", ["main", "graph"])
def test_defaults_in_the_file_are_those_of_the_template(compiled: Any, layer: str) -> None:
    """Where azd knows nothing it must not decide otherwise than `az deployment` would."""
    template = compiled.templates[layer]["parameters"]
    for name, text in parameter_file(layer).items():
        _, found, default = text.strip("${}").partition("=")
        if not found:
            continue
        expected = template[name]["defaultValue"]
        expected = str(expected).lower() if isinstance(expected, bool) else str(expected)
        # blanks and stars are left to the app: an empty schedule is its default
        assert default == expected or (default == "" and name in ("sweepSchedule", "renewSchedule")), name


def test_both_layers_are_given_the_same_features() -> None:
    main, graph = parameter_file("main"), parameter_file("graph")
    for name in ("mfaState", "defaultMethod", "includeGroups", "excludeGroups", "excludePrivileged"):
        assert main[name] == graph[name]


def test_what_the_graph_layer_asks_for_is_put_out_by_the_app_layer(public: Deployment) -> None:
    asked = {text.strip("${}") for text in parameter_file("graph").values() if "=" not in text}
    assert asked <= set(public.snapshot["outputs"])


def test_outputs_that_hooks_read_are_put_out(public: Deployment) -> None:
    import environment  # as hooks do

    assert {*environment.OUTPUTS, "ALERT_RECEIVERS"} <= set(public.snapshot["outputs"])


def test_hooks_are_there_and_can_be_started(azure: Any) -> None:
    assert set(azure["hooks"]) == {"postdeploy", "predown"}
    for hook in azure["hooks"].values():
        path = infra.ROOT / hook["run"]
        assert path.suffix == ".py"
        assert os.access(path, os.X_OK)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda path: path.stem)
def test_hooks_need_the_standard_library_of_an_old_python_only(hook: Any) -> None:
    """azd takes the Python it finds, and so does an administrator."""
    tree = ast.parse(hook.read_text(), feature_version=(3, 9))
    ours = {path.stem for path in HOOKS}
    for node in ast.walk(tree):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            top = name.partition(".")[0]
            assert top in ours or top in {"__future__", *sys.stdlib_module_names}, name


def test_nothing_names_a_place_of_one_machine() -> None:
    for path in infra.INFRA.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert not re.search(r"/(home|root|tmp|work|Users)/", path.read_text()), path
