"""Keyed hashes: how the product remembers a number or proves a clientState without keeping either. Floor 1.

Everything is derived from one master secret (PREFILL_SECRET) with a separate label each, so that one derived value
tells nothing about another. The secret before the last rotation still answers.
"""

import hashlib
import hmac
from dataclasses import dataclass, field


def _derive(secret: str, label: str, text: str) -> str:
    # a registered number is foreign text: JSON can carry a lone surrogate, and a fingerprint has to exist all the same
    message = f"mfa-prefill/{label}/v1\0{text}".encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """The master secret and its predecessor (None when there is none)."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)

    def _all(self) -> tuple[str, ...]:
        return (self.current, self.previous) if self.previous else (self.current,)

    def client_state(self) -> str:
        """The clientState of our subscription: 64 characters, Graph allows 128."""
        return _derive(self.current, "clientState", "")

    def accepts_client_state(self, text: str) -> bool:
        """Constant-time; true for the current secret and the one before it."""
        given = text.encode("utf-8", "replace")
        matches = [hmac.compare_digest(given, _derive(s, "clientState", "").encode()) for s in self._all()]
        return any(matches)

    def client_state_fingerprint(self) -> str:
        """What the control table keeps, to see later whether a subscription still carries the current clientState."""
        return _derive(self.current, "clientStateFingerprint", self.client_state())

    def phone(self, user_id: str, canonical: str) -> str:
        """Fingerprint of a number as this user's. The user id is part of it: equal numbers do not look equal."""
        return _derive(self.current, "phone", f"{user_id}\0{canonical}")

    def is_phone(self, fingerprint: str | None, user_id: str, canonical: str) -> bool:
        """Whether `fingerprint` is that of `canonical` for this user, under the current or the previous secret."""
        if fingerprint is None:
            return False
        text = f"{user_id}\0{canonical}"
        return any(hmac.compare_digest(fingerprint, _derive(s, "phone", text)) for s in self._all())
