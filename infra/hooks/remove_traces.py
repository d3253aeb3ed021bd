"""Before everything is deleted: take back what Azure does not delete, the Graph subscription and the Graph permissions.

Never stops `azd down`: what it could not do, it says, with what a person can do about it.
"""

from __future__ import annotations

import sys

from azure_cli import AzFailed, az, function_key
from environment import Deployed, NotDeployed, read
from graph_permissions import Grants, revoke
from operator_calls import App, Unreachable


def remove_subscription(deployed: Deployed) -> None:
    """Graph would go on calling a host name that is gone, for up to four weeks."""
    try:
        app = App(deployed.url, function_key(deployed.resource_group, deployed.app))
        answer = app.call("DELETE", "/api/subscription")
    except (AzFailed, Unreachable) as error:
        print(f"Subscription not removed: {error}")
        print("  It ends by itself within four weeks; until then Graph's calls go nowhere.")
        return
    if answer.status in (200, 202, 204):
        print("Subscription removed.")
    elif answer.status in (404, 405):
        print("This version of the app cannot remove its subscription (DELETE /api/subscription).")
        print("  It ends by itself within four weeks; until then Graph's calls go nowhere.")
    else:
        print(f"Subscription not removed: {answer.status} {answer.error.get('message', '')}".rstrip())


def stop(deployed: Deployed) -> None:
    """So that nothing asks for a subscription again before the app is deleted."""
    try:
        az("functionapp", "stop", "--resource-group", deployed.resource_group, "--name", deployed.app)
    except AzFailed as error:
        print(f"App not stopped: {error}")
    else:
        print("App stopped.")


def remove_permissions(deployed: Deployed) -> None:
    try:
        revoke(Grants(deployed.identity), [])
    except AzFailed as error:
        print(f"Graph permissions not revoked: {error}")
        print("  They end with the identity, which is deleted now. To be sure, a Privileged Role Administrator runs:")
        print(f"  python infra/hooks/graph_permissions.py revoke --identity {deployed.identity}")
    else:
        print("Graph permissions revoked.")


def main(arguments: list[str]) -> int:
    try:
        deployed = read(arguments)
    except (NotDeployed, AzFailed) as error:
        print(f"Nothing to take back: {error}")
        return 0
    remove_subscription(deployed)
    stop(deployed)
    remove_permissions(deployed)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
