"""Tokens through azure-identity, and through nothing else."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from azure.core.credentials import AccessToken
from azure.identity import (
    AzureCliCredential,
    DefaultAzureCredential,
    DeviceCodeCredential,
    EnvironmentCredential,
    InteractiveBrowserCredential,
)

from dev.verify_tenant.graph import TokenSource

GRAPH_TOOLS = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
"""The public client Microsoft Graph Command Line Tools, the one that Connect-MgGraph signs in with.

https://learn.microsoft.com/powershell/microsoftgraph/authentication-commands
"""

KINDS = ("interactive", "device-code", "client-secret", "azure-cli", "default")
PERSONAL = frozenset({"interactive", "device-code"})
"""Kinds that ask a person, and name the permissions that they want."""

FRESH_SECONDS = 300


class Credential(Protocol):
    """A credential of azure-identity."""

    def get_token(self, *scopes: str) -> AccessToken:
        """A token for these scopes; may ask a person, and blocks meanwhile."""


def new_credential(kind: str, tenant_id: str | None) -> Credential:
    """The credential that an option named. Reads the environment where azure-identity does."""
    makers: dict[str, Callable[[], Credential]] = {
        "interactive": lambda: InteractiveBrowserCredential(client_id=GRAPH_TOOLS, tenant_id=tenant_id),
        "device-code": lambda: DeviceCodeCredential(client_id=GRAPH_TOOLS, tenant_id=tenant_id),
        "client-secret": EnvironmentCredential,
        "azure-cli": lambda: AzureCliCredential(tenant_id=tenant_id or ""),
        "default": DefaultAzureCredential,
    }
    return makers[kind]()


def scopes_for(kind: str, graph_url: str, permissions: Sequence[str]) -> tuple[str, ...]:
    """What to ask for: a person's client names each permission, every other identity has its own."""
    if kind in PERSONAL:
        return tuple(f"{graph_url}/{permission}" for permission in permissions)
    return (f"{graph_url}/.default",)


def token_source(credential: Credential, scopes: Sequence[str], now: Callable[[], float] = time.time) -> TokenSource:
    """A source that keeps a token until five minutes before its end. Raises what azure-identity raises."""
    kept: list[AccessToken] = []

    async def token() -> str:
        if not kept or kept[-1].expires_on - now() < FRESH_SECONDS:
            kept.append(await asyncio.to_thread(credential.get_token, *scopes))
        return kept[-1].token

    return token
