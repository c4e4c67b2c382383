"""Signing keys as values: when each one signs, and how long it is published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from capability_sdk.contracts.state import KeySet
from capability_sdk.contracts.tokens import MAX_LIFETIME

OVERLAP = 2 * MAX_LIFETIME
"""How long a replaced token key still verifies."""


class Purpose(StrEnum):
    """What a key signs."""

    TOKEN = "token"  # noqa: S105 - a purpose, not a token
    STATE = "state"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One of the center's key pairs; the private half is sealed.

    Attributes:
        kid: RFC 7638 thumbprint of the public half.
        generation: 1, 2, … within the purpose.
        active_from: Signs from then on, unless a newer key does.
        expires_at: Not published any more from then on; None while it is not replaced.
    """

    kid: str
    purpose: Purpose
    generation: int
    public_jwk: dict[str, Any]
    sealed: bytes
    active_from: datetime
    expires_at: datetime | None = None

    def is_published(self, now: datetime) -> bool:
        """Whether it verifies what it signed."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class Delegation:
    """Whether a province's own issuer may sign tokens while the center is away, and for what.

    Attributes:
        capabilities: What it may name; None for everything that the province subscribes to.
    """

    enabled: bool = True
    capabilities: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """Public half of the key that an edge's delegated issuer signs with.

    Attributes:
        epoch: Enrolment that registered it; another enrolment's key is certified no more.
        since: When it was registered.
    """

    edge: str
    epoch: int
    public_jwk: dict[str, Any]
    since: datetime


def signs_now(keys: Sequence[SigningKey], now: datetime) -> SigningKey | None:
    """Return the newest key that may sign."""
    able = [key for key in keys if key.active_from <= now and key.is_published(now)]
    return max(able, key=lambda key: key.generation, default=None)


def key_set(keys: Sequence[SigningKey], now: datetime) -> KeySet:
    """Return what gateways verify with.

    The version counts what ever happened to the set, keys that came and keys that went, so that
    it only grows, also when a key goes by the mere passing of time.
    """
    published = [key for key in keys if key.is_published(now)]
    version = len(keys) + len(keys) - len(published)
    newest = sorted(published, key=lambda key: key.generation, reverse=True)
    return KeySet(version=max(version, 1), keys=[key.public_jwk for key in newest])
