"""A machine that joined."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class JoinedNode:
    """Who it is.

    Attributes:
        node: Its name.
        host: Where the gateway reaches its instances.
        credential_digest: SHA-256 of the secret that it shows, hex.
    """

    node: str
    host: str
    credential_digest: str = field(repr=False)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits: its SHA-256, hex."""
    return hashlib.sha256(secret.encode()).hexdigest()
