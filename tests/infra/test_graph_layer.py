"""The Graph permissions that Bicep grants are those the code says it needs, for every combination of features."""

import itertools
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from dev import infra
from shared.models import DefaultMethod, MfaState
from shared.permissions import ALL, needed
from shared.policy import Policy
from tests.infra.deployment import Deployment, declared

TABLE = infra.INFRA / "graph" / "permissions.json"
A_GROUP = "57aff000-0000-4000-8000-000000000001"
COMBINATIONS = list(
    itertools.product(
        ["none", "enabled", "enforced"], ["none", "sms", "voiceMobile"], ["", A_GROUP], ["", A_GROUP], [False, True]
    )
)
HARNESS = """
import {{ permissionsFor }} from '{source}'

@description('Values of the five settings.')
param combinations array

@description('Each combination with the permissions it needs.')
output found array = map(
  combinations,
  one => permissionsFor(one[0], one[1], one[2], one[3], one[4])
)
"""


def policy(state: str, method: str, include: str, exclude: str, privileged: bool) -> Policy:
    return Policy(
        mfa_state=None if state == "none" else MfaState(state),
        default_method=None if method == "none" else DefaultMethod(method),
        include_groups=frozenset({include} - {""}),
        exclude_groups=frozenset({exclude} - {""}),
        exclude_privileged=privileged,
    )


def names(wanted: Policy) -> set[str]:
    return {permission.name for permission in needed(wanted)}


def test_the_table_is_that_of_the_code() -> None:
    assert set(json.loads(TABLE.read_text())) == {permission.name for permission in ALL}


def test_every_combination_of_features_needs_the_same_in_bicep_and_in_code(
    compiler: infra.Compiler, tmp_path: Path
) -> None:
    (tmp_path / "combinations.json").write_text(json.dumps(COMBINATIONS))
    source = os.path.relpath(infra.INFRA / "graph" / "permissions.bicep", tmp_path)
    (tmp_path / "harness.bicep").write_text(HARNESS.format(source=source))
    (tmp_path / "harness.bicepparam").write_text(
        "using 'harness.bicep'\nparam combinations = loadJsonContent('combinations.json')\n"
    )
    compiler.run("snapshot", str(tmp_path / "harness.bicepparam"), "--mode", "overwrite", *infra.WHERE)
    found = json.loads((tmp_path / "harness.snapshot.json").read_text())["outputs"]["found"]
    assert len(found) == len(COMBINATIONS) == 72
    for combination, of_bicep in zip(COMBINATIONS, found, strict=True):
        assert set(of_bicep) == names(policy(*combination)), combination


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ("public", Policy()),
        ("graph", Policy()),
        ("private", policy("enforced", "sms", A_GROUP, A_GROUP, privileged=False)),
    ],
)
def test_both_layers_name_what_is_needed(request: pytest.FixtureRequest, parameters: str, wanted: Policy) -> None:
    fixture = "graph_layer" if parameters == "graph" else parameters
    deployment: Deployment = request.getfixturevalue(fixture)
    assert set(deployment.snapshot["outputs"]["GRAPH_PERMISSIONS"].split()) == names(wanted)


def grants(deployment: Deployment) -> list[dict[str, Any]]:
    return deployment.of_type("Microsoft.Graph/appRoleAssignedTo@v1.0")


def test_one_grant_for_each_permission_and_nothing_else(graph_layer: Deployment) -> None:
    assert len(grants(graph_layer)) == len(names(Policy())) == len(graph_layer.snapshot["predictedResources"])


def test_grants_are_for_the_identity_on_graph_itself(graph_layer: Deployment) -> None:
    [graph] = [each.resource for each in declared(graph_layer.template) if each.symbol == "graph"]
    assert graph["existing"] is True
    assert graph["properties"] == {"appId": "00000003-0000-0000-c000-000000000000"}
    for grant in grants(graph_layer):
        assert grant["properties"]["principalId"] == "00000000-0000-4000-8000-0000000000aa"
        assert grant["properties"]["resourceId"] == "[reference('graph').id]"
        assert "allowedMemberTypes, 'Application'" in grant["properties"]["appRoleId"]


def test_the_extension_is_pinned(graph_layer: Deployment) -> None:
    provider = {"provider": "MicrosoftGraph", "version": "1.0.0"}
    assert graph_layer.template["imports"] == {"microsoftGraphV1": provider}


def test_the_layer_can_be_skipped(graph_layer: Deployment) -> None:
    by_symbol = {each.symbol: each.resource for each in declared(graph_layer.template)}
    assert by_symbol["graph"]["condition"] == "[parameters('grantGraphPermissions')]"
    assert by_symbol["grants"]["copy"]["count"].startswith("[length(if(parameters('grantGraphPermissions')")


def test_the_main_layer_compiles_without_a_registry(public: Deployment) -> None:
    assert "imports" not in public.template
    assert not re.search(
        r"^\s*extension |'br[:/]", "".join(path.read_text() for path in (infra.INFRA / "app").iterdir()), re.M
    )
