"""After a deployment: have the app make its Graph subscription, and ask its doctor.

Exit codes: 0 fine, or only waiting for an administrator's grant (the app tries again every hour); 1 it needs you.
"""

from __future__ import annotations

import sys

from azure_cli import AzFailed, function_key
from environment import Deployed, NotDeployed, read
from graph_permissions import command
from operator_calls import App, Unreachable

NOT_ALLOWED = ("notAllowed", "forbidden", "unauthorized")


def ensure(app: App) -> tuple[int, bool]:
    """An exit code, and whether the app lacks permissions. Raises Unreachable."""
    answer = app.call_when_started("POST", "/api/subscription")
    if answer.status == 200 and isinstance(answer.body, dict):
        made = answer.body
        print(f"Subscription {made.get('id')} on {made.get('resource')}, until {made.get('expires')}.")
        return 0, False
    code = answer.error.get("code", "")
    print(f"No subscription yet: {answer.status} {code} {answer.error.get('message', '')}".rstrip())
    if code in NOT_ALLOWED:
        return 0, True
    if code == "settings":
        print(f"Which settings, and how to mend them: {app.url}/api/health and the app's log. Then: azd provision.")
    return 1, False


def examine(app: App, permissions: str) -> tuple[int, bool]:
    """What the doctor says, one line for each thing; as above. Raises Unreachable."""
    answer = app.call("GET", "/api/doctor")
    if answer.status == 404:
        print("This version of the app has no doctor (GET /api/doctor).")
        return 0, False
    if answer.status != 200 or not isinstance(answer.body, dict):
        print(f"The doctor does not answer: {answer.status} {answer.error.get('message', '')}".rstrip())
        return 1, False
    checks = answer.body.get("checks", [])
    for check in checks:
        fix = f" -> {check['fix']}" if check.get("fix") else ""
        print(f"  {check.get('state', '?'):8} {check.get('check')}: {check.get('told')}{fix}")
    if answer.body.get("fit") is not True:
        print("Not fit yet: see the lines that say failed. In plan mode nothing is written to any user.")
    failed = {check.get("check") for check in checks if check.get("state") == "failed"}
    return 0, not failed.isdisjoint(permissions.split())


def ask_for_grants(deployed: Deployed) -> None:
    """What an administrator with rights in the directory must do."""
    print("\nThe app's identity lacks permissions of Microsoft Graph. A Privileged Role Administrator runs, once:\n")
    print(f"  {command(deployed.identity, deployed.permissions)}\n")
    print("Afterwards there is nothing to do: the app tries again every hour. To see it at once:")
    print("  azd hooks run postdeploy")


def main(arguments: list[str]) -> int:
    try:
        deployed = read(arguments)
        app = App(deployed.url, function_key(deployed.resource_group, deployed.app))
        code, lacking = ensure(app)
        code_of_doctor, lacking_too = examine(app, deployed.permissions)
    except NotDeployed as error:
        print(error, file=sys.stderr)
        return 1
    except AzFailed as error:
        print(f"No function key: {error}", file=sys.stderr)
        print(
            "Sign in with az login (azd auth login is another sign-in), then: azd hooks run postdeploy", file=sys.stderr
        )
        return 1
    except Unreachable as error:
        print(f"{error}\nSee its log, then: azd hooks run postdeploy", file=sys.stderr)
        return 1
    if lacking or lacking_too:
        ask_for_grants(deployed)
    if not deployed.alert_receivers:
        print("Alerts reach nobody yet: azd env set ALERT_EMAILS you@your.domain, then azd provision.")
    return code or code_of_doctor


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
