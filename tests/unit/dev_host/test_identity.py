"""The identity endpoint, through the credential classes an app really uses."""

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ManagedIdentityCredential as SyncCredential
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

from dev.host import identity
from dev.host.identity import IdentityEndpoint

SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    served = IdentityEndpoint()
    url = await served.start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", url)
    monkeypatch.setenv("IDENTITY_HEADER", served.header)
    monkeypatch.delenv("PREFILL_TENANT_ID", raising=False)
    monkeypatch.delenv("DEV_IDENTITY_ROLES", raising=False)
    yield url
    await served.stop()


def claims(token: str) -> dict[str, Any]:
    header, payload, signature = token.split(".")
    assert signature
    assert json.loads(decoded(header))["typ"] == "JWT"
    found: dict[str, Any] = json.loads(decoded(payload))
    return found


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_managed_identity_credential(endpoint: str) -> None:
    assert endpoint
    async with ManagedIdentityCredential() as credential:
        token = await credential.get_token(SCOPE)
    found = claims(token.token)
    assert found["aud"] == "https://graph.microsoft.com"
    assert found["tid"] == identity.DEFAULT_TENANT_ID
    assert found["roles"] == list(identity.DEFAULT_ROLES)
    assert found["iat"] <= found["nbf"] <= time.time() < found["exp"] == token.expires_on


async def test_tenant_roles_and_client_id(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint
    monkeypatch.setenv("PREFILL_TENANT_ID", "tenant-1")
    monkeypatch.setenv("DEV_IDENTITY_ROLES", "User.Read.All, ,GroupMember.Read.All")
    async with ManagedIdentityCredential(client_id="client-1") as credential:
        found = claims((await credential.get_token(SCOPE)).token)
    assert (found["tid"], found["appid"]) == ("tenant-1", "client-1")
    assert found["iss"] == "https://sts.windows.net/tenant-1/"
    assert found["roles"] == ["User.Read.All", "GroupMember.Read.All"]


async def test_no_roles(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint
    monkeypatch.setenv("DEV_IDENTITY_ROLES", "")
    async with ManagedIdentityCredential() as credential:
        assert claims((await credential.get_token(SCOPE)).token)["roles"] == []


async def test_default_azure_credential(endpoint: str) -> None:
    assert endpoint
    async with DefaultAzureCredential(exclude_environment_credential=True) as credential:
        assert claims((await credential.get_token(SCOPE)).token)["idtyp"] == "app"


async def test_synchronous_credential(endpoint: str) -> None:
    assert endpoint
    with SyncCredential() as credential:
        token = await asyncio.to_thread(credential.get_token, SCOPE)
    assert claims(token.token)["aud"] == "https://graph.microsoft.com"


async def test_the_header_is_checked(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    async with ManagedIdentityCredential() as credential:
        with pytest.raises(ClientAuthenticationError):
            await credential.get_token(SCOPE)


@pytest.mark.parametrize(
    ("query", "with_header", "status"),
    [
        ({"resource": "r", "api-version": "2019-08-01"}, True, 200),
        ({"resource": "r", "api-version": "2019-08-01"}, False, 401),
        ({"resource": "r", "api-version": "2017-09-01"}, True, 400),
        ({"api-version": "2019-08-01"}, True, 400),
    ],
)
async def test_rest(endpoint: str, query: dict[str, str], with_header: bool, status: int) -> None:
    headers = {"X-IDENTITY-HEADER": os.environ["IDENTITY_HEADER"]} if with_header else {}
    async with aiohttp.ClientSession() as session, session.get(endpoint, params=query, headers=headers) as response:
        assert response.status == status
        assert ("access_token" in await response.json()) == (status == 200)
