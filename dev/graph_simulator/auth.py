"""Bearer tokens: read, not verified. Claims decide who the caller is and what it may do.

Claims: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from dev.graph_simulator.errors import unauthenticated
from dev.graph_simulator.exchange import Caller, JsonObject

PUBLIC_AUDIENCES = frozenset({"https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"})
"""What a token for Microsoft Graph in the public cloud is made out to: its URL or its application id."""


def make_token(
    app_id: str,
    roles: Iterable[str],
    *,
    audience: str,
    tenant_id: str,
    expires: float,
    object_id: str = "",
) -> str:
    """A token as the simulator accepts it: three parts, the last of which signs nothing."""
    claims = {
        "aud": audience,
        "tid": tenant_id,
        "appid": app_id,
        "oid": object_id or app_id,
        "roles": list(roles),
        "exp": int(expires),
    }
    head = _encode({"typ": "JWT", "alg": "none"})
    return f"{head}.{_encode(claims)}.simulated"


def _encode(value: JsonObject) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def read_caller(headers: Mapping[str, str], base_url: str, tenant_id: str, now: float, *, lenient: bool) -> Caller:
    """The caller behind the Authorization header, or the 401 Graph gives ([assume: token-messages]).

    `headers` have lower-case names; `now` is real time in epoch seconds.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.casefold() != "bearer" or not token.strip():
        raise unauthenticated("Access token is empty.")
    claims = _claims(token.strip())
    _check_time(claims, now)
    if not lenient and not _audience_fits(claims.get("aud"), base_url):
        raise unauthenticated("Access token validation failure. Invalid audience.")
    if claims.get("tid") != tenant_id:
        # [assume: foreign-tenant-401]
        raise unauthenticated("Access token validation failure. Invalid tenant.")
    app_id = claims.get("appid") or claims.get("azp")
    if not app_id:
        raise unauthenticated("Access token validation failure.")
    roles = claims.get("roles") or []
    return Caller(str(app_id), tenant_id, str(claims.get("oid") or app_id), frozenset(map(str, roles)))


@lru_cache(maxsize=256)
def _claims(token: str) -> JsonObject:
    parts = token.split(".")
    if len(parts) != 3:
        raise unauthenticated("IDX14100: JWT is not well formed, there are no dots (.).")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError) as problem:
        raise unauthenticated("CompactToken parsing failed with error code: 80049217") from problem
    if not isinstance(claims, dict):
        raise unauthenticated("CompactToken parsing failed with error code: 80049217")
    return claims


def _check_time(claims: JsonObject, now: float) -> None:
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or expires <= now:
        raise unauthenticated("Lifetime validation failed, the token is expired.")


def _audience_fits(audience: object, base_url: str) -> bool:
    if not isinstance(audience, str):
        return False
    return audience.rstrip("/") in PUBLIC_AUDIENCES | {base_url.rstrip("/")}
