"""Who asks: an application or a person, with which permissions. Read from the token, for advice and verdicts only.

Microsoft asks clients not to rely on what is inside a token for an API that is not theirs. What cannot be read is not
known, and then a 403 tells nothing. https://learn.microsoft.com/entra/identity-platform/access-tokens
"""

import base64
import binascii
import json
from dataclasses import dataclass

from dev.verify_tenant.permissions import Need


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller as its token describes it. `known` is false where the token could not be read."""

    app_only: bool = False
    permissions: frozenset[str] = frozenset()
    known: bool = False
    tenant_id: str = ""
    app_id: str = ""

    def lacks(self, needs: tuple[Need, ...]) -> tuple[str, ...]:
        """The least privileged permission of each need that the token does not meet; none where it is not known."""
        if not self.known:
            return ()
        return tuple(need.least for need in needs if not need.met_by(self.permissions))


def read_identity(token: str) -> Identity:
    """What a token says of its caller. Never raises: an unreadable token is an unknown identity."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    except (binascii.Error, ValueError, IndexError):
        return Identity()
    if not isinstance(claims, dict):
        return Identity()
    scopes, roles = claims.get("scp"), claims.get("roles")
    app_only = not isinstance(scopes, str)
    granted = roles if app_only else str(scopes).split()
    return Identity(
        app_only=app_only,
        permissions=frozenset(map(str, granted)) if isinstance(granted, list) else frozenset(),
        known=True,
        tenant_id=str(claims.get("tid", "")),
        app_id=str(claims.get("appid") or claims.get("azp") or ""),
    )
