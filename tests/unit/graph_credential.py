"""A credential for clients whose requests never leave the process."""

import time
from typing import Any

from azure.core.credentials import AccessToken


class Credential:
    """Hands out one token that nobody reads."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("token", int(time.time()) + 3600)

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> "Credential":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""
