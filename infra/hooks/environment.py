"""What hooks know of the deployment: its outputs, from azd as environment variables, or from Azure by its name."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass

from azure_cli import az

OUTPUTS = (
    "AZURE_RESOURCE_GROUP",
    "AZURE_FUNCTION_APP_NAME",
    "SERVICE_API_URI",
    "SERVICE_API_IDENTITY_PRINCIPAL_ID",
    "GRAPH_PERMISSIONS",
)


class NotDeployed(Exception):
    """Outputs are missing: nothing was deployed, or the hook was started without azd and without a name."""


@dataclass(frozen=True)
class Deployed:
    """What a hook needs to know."""

    resource_group: str
    app: str
    url: str
    identity: str
    permissions: str
    alert_receivers: int


def read(arguments: list[str]) -> Deployed:
    """Raises NotDeployed, AzFailed."""
    parser = argparse.ArgumentParser(description="A hook of azd; or by hand, after `az deployment sub create`.")
    parser.add_argument("--deployment", metavar="NAME", help="name of the deployment, where azd did not make it")
    name = parser.parse_args(arguments).deployment
    outputs = _outputs(name) if name else os.environ
    missing = [each for each in OUTPUTS if not outputs.get(each)]
    if missing:
        raise NotDeployed(f"{', '.join(missing)} not set: run it through azd (azd hooks run …), or give --deployment")
    group, app, url, identity, permissions = (outputs[each] for each in OUTPUTS)
    return Deployed(group, app, url, identity, permissions, int(outputs.get("ALERT_RECEIVERS") or 0))


def _outputs(name: str) -> Mapping[str, str]:
    """Azure gives names back in another case than they were declared in."""
    found = az("deployment", "sub", "show", "--name", name)["properties"]["outputs"]
    return {key.upper(): str(output["value"]) for key, output in found.items()}
