"""Grant, verify or revoke the Microsoft Graph permissions of the app's identity: for the directory administrator.

    python infra/hooks/graph_permissions.py grant  --identity <object id> --permissions "User.Read.All …"
    python infra/hooks/graph_permissions.py verify --identity <object id> --permissions "User.Read.All …"
    python infra/hooks/graph_permissions.py revoke --identity <object id>

Needs the Azure CLI, signed in (`az login`) as a Privileged Role Administrator; no rights in any subscription, nothing
of this repository but infra/. Both values are printed by the deployment. Doing it twice changes nothing.

Exit codes: 0 fine, 1 the answer is no (something is missing or too much), 2 usage, 3 not allowed or not reachable.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from azure_cli import AzFailed, az, rest

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
TABLE = Path(__file__).resolve().parent.parent / "graph" / "permissions.json"
TRIES, PAUSE = 6, 10.0
"""A new identity is not yet known everywhere in the directory: "not a valid reference update" for up to a minute."""


class UnknownPermission(Exception):
    """Microsoft Graph has no such role for applications in this cloud."""


class Grants:
    """The Graph permissions of one identity."""

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._root = str(az("cloud", "show")["endpoints"]["microsoftGraphResourceId"]).rstrip("/") + "/v1.0"
        url = f"{self._root}/servicePrincipals(appId='{GRAPH_APP_ID}')?$select=id,appRoles"
        graph = rest("get", url)
        self._graph = str(graph["id"])
        # By name: ids are the same in every tenant, but a role that this cloud does not have should show as missing.
        self._ids = {
            str(role["value"]): str(role["id"])
            for role in graph["appRoles"]
            if "Application" in role["allowedMemberTypes"]
        }
        self._names = {role_id: name for name, role_id in self._ids.items()}

    @property
    def _assignments(self) -> str:
        return f"{self._root}/servicePrincipals/{self._identity}/appRoleAssignments"

    def held(self) -> dict[str, str]:
        """What the identity holds on Microsoft Graph: the permission's name and the assignment's id."""
        found: list[Any] = []
        url: str | None = self._assignments
        while url:
            page = rest("get", url)
            found += page["value"]
            url = page.get("@odata.nextLink")
        ours = [each for each in found if each["resourceId"] == self._graph]
        return {self._names.get(str(each["appRoleId"]), str(each["appRoleId"])): str(each["id"]) for each in ours}

    def grant(self, name: str) -> None:
        """Raises UnknownPermission, AzFailed."""
        if name not in self._ids:
            raise UnknownPermission(f"Microsoft Graph has no application permission {name} here")
        body = {"principalId": self._identity, "resourceId": self._graph, "appRoleId": self._ids[name]}
        for left in range(TRIES - 1, -1, -1):
            try:
                rest("post", self._assignments, body)
            except AzFailed as error:
                if not left or not _not_known_yet(str(error)):
                    raise
                time.sleep(PAUSE)
            else:
                return

    def revoke(self, assignment: str) -> None:
        """Raises AzFailed."""
        rest("delete", f"{self._assignments}/{assignment}")


def _not_known_yet(text: str) -> bool:
    return "Request_ResourceNotFound" in text or "valid reference update" in text or "does not exist" in text


def grant(grants: Grants, wanted: list[str]) -> int:
    held = grants.held()
    for name in wanted:
        if name in held:
            print(f"  {name}: was granted already")
        else:
            grants.grant(name)
            print(f"  {name}: granted")
    print("Tokens are kept for up to a day: the app may be refused for some hours yet.")
    return _too_much(held, wanted)


def verify(grants: Grants, wanted: list[str]) -> int:
    held = grants.held()
    for name in wanted:
        print(f"  {name}: {'granted' if name in held else 'MISSING'}")
    missing = [name for name in wanted if name not in held]
    return 1 if _too_much(held, wanted) or missing else 0


def revoke(grants: Grants, wanted: list[str]) -> int:
    """All it holds on Graph, or only what is named."""
    for name, assignment in grants.held().items():
        if not wanted or name in wanted:
            grants.revoke(assignment)
            print(f"  {name}: revoked")
    return 0


def _too_much(held: dict[str, str], wanted: list[str]) -> int:
    more = [name for name in held if name not in wanted]
    for name in more:
        print(f"  {name}: NOT NEEDED; revoke it: revoke --permissions {name}")
    return 1 if more else 0


VERBS = {"grant": grant, "verify": verify, "revoke": revoke}


def command(identity: str, permissions: str) -> str:
    """What an administrator types."""
    return f'python infra/hooks/graph_permissions.py grant --identity {identity} --permissions "{permissions}"'


def main(arguments: list[str] | None = None) -> int:
    known = list(json.loads(TABLE.read_text(encoding="utf-8")))
    parser = argparse.ArgumentParser(description="Microsoft Graph permissions of the app's identity.")
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("--identity", required=True, help="object id of the app's managed identity")
    parser.add_argument("--permissions", default="", help="names, with blanks between; those the deployment printed")
    given = parser.parse_args(arguments)
    wanted = given.permissions.split()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        parser.error(f"{', '.join(unknown)}: this app never needs that")
    if not wanted and given.verb != "revoke":
        parser.error(f"{given.verb} needs --permissions")
    try:
        return VERBS[given.verb](Grants(given.identity), wanted)
    except UnknownPermission as error:
        print(error, file=sys.stderr)
        return 1
    except AzFailed as error:
        print(f"{error}\nSign in as a Privileged Role Administrator: az login", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
