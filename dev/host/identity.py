"""The App Service managed identity endpoint, so that azure-identity works here as it does in Azure.

https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference

Its tokens are shaped like Entra's and signed by nobody: only a simulator will take them.
"""

import base64
import hmac
import json
import os
import secrets
import time
import uuid
from http import HTTPStatus
from typing import Any

from aiohttp import web

DEFAULT_TENANT_ID = "11111111-2222-3333-4444-555555555555"
# App Service hands out tokens that last about a day.
LIFETIME_SECONDS = 24 * 3600
DEFAULT_ROLES = (
    "User.Read.All",
    "UserAuthMethod-Phone.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
    "Policy.ReadWrite.AuthenticationMethod",
    "GroupMember.Read.All",
    "RoleManagement.Read.Directory",
)
SYSTEM_ASSIGNED_CLIENT_ID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "client.identity.dev.host"))
OBJECT_ID = str(uuid.uuid5(uuid.NAMESPACE_DNS, "object.identity.dev.host"))


def mint(resource: str, client_id: str, now: int) -> str:
    """A token for a resource: header.payload.signature, with the application roles in DEV_IDENTITY_ROLES."""
    tenant = os.environ.get("PREFILL_TENANT_ID") or DEFAULT_TENANT_ID
    listed = os.environ.get("DEV_IDENTITY_ROLES")
    roles = DEFAULT_ROLES if listed is None else tuple(role.strip() for role in listed.split(",") if role.strip())
    payload = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{tenant}/",
        "tid": tenant,
        "appid": client_id,
        "oid": OBJECT_ID,
        "sub": OBJECT_ID,
        "idtyp": "app",
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_SECONDS,
        "roles": list(roles),
        "ver": "1.0",
    }
    parts = (json.dumps({"alg": "none", "typ": "JWT"}).encode(), json.dumps(payload).encode(), b"unsigned")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


class IdentityEndpoint:
    """Serves tokens on a loopback port of its own, to whoever knows the header."""

    def __init__(self) -> None:
        self.header = secrets.token_hex(16)
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None))

    async def start(self) -> str:
        """Listen, and return the URL for IDENTITY_ENDPOINT."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0]
        return f"http://{host}:{port}/msi/token"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        given = request.headers.get("X-IDENTITY-HEADER", "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, self.header.encode()):
            return _refusal(HTTPStatus.UNAUTHORIZED, "X-IDENTITY-HEADER is missing or wrong")
        resource = request.query.get("resource", "")
        if request.method != "GET" or not resource or request.query.get("api-version") != "2019-08-01":
            return _refusal(HTTPStatus.BAD_REQUEST, "GET with resource and api-version=2019-08-01 is what is served")
        now = int(time.time())
        client_id = request.query.get("client_id") or SYSTEM_ASSIGNED_CLIENT_ID
        return web.json_response(
            {
                "access_token": mint(resource, client_id, now),
                "client_id": client_id,
                "expires_on": str(now + LIFETIME_SECONDS),
                "not_before": str(now),
                "resource": resource,
                "token_type": "Bearer",
            }
        )


def _refusal(status: HTTPStatus, message: str) -> web.Response:
    body: dict[str, Any] = {"statusCode": status, "message": message}
    return web.json_response(body, status=status)
