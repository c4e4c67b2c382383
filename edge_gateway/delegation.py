"""What the province's own issuer may sign, as the desired state in force certifies it."""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from capability_sdk.contracts.state import DesiredState
from capability_sdk.contracts.tokens import audience, delegated_issuer
from edge_gateway import jws

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delegation:
    """Bounds of a delegated issuer; times are seconds since 1970.

    Attributes:
        kid: Id of its only key.
        capabilities: What it may name; None for everything that the province subscribes to.
        max_lifetime: Longest life of a token, in seconds.
    """

    kid: str
    key: EllipticCurvePublicKey
    issuer: str
    audience: str
    capabilities: frozenset[str] | None
    max_lifetime: int
    not_before: float
    expires_at: float

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """Changes exactly when a bound does."""
        limit = None if self.capabilities is None else tuple(sorted(self.capabilities))
        times = (self.max_lifetime, self.not_before, self.expires_at)
        return (self.kid, self.issuer, self.audience, limit, *times)

    def covers(self, capabilities: Collection[str]) -> bool:
        """Tell whether it may name all of these."""
        return self.capabilities is None or self.capabilities.issuperset(capabilities)


def read_delegation(state: DesiredState) -> Delegation | None:
    """Read the certificate in a verified state.

    A certificate that is not this province's, or that lends a key of the center, is none: the rest
    of the state holds, and nothing is issued here.
    """
    certificate = state.issuer
    if certificate is None:
        return None
    expected = (delegated_issuer(state.province), audience(state.province))
    try:
        ((kid, key),) = jws.public_keys([certificate.key]).items()
    except jws.JwsRefused as error:
        _log.error("the delegated issuer is not used: %s", error)
        return None
    taken = {item.get("kid") for item in state.token_keys.keys}
    if (certificate.issuer, certificate.audience) != expected or kid in taken:
        _log.error("the delegated issuer is not used: its certificate is not this province's")
        return None
    limit = certificate.capabilities
    return Delegation(
        kid=kid,
        key=key,
        issuer=certificate.issuer,
        audience=certificate.audience,
        capabilities=None if limit is None else frozenset(limit),
        max_lifetime=certificate.max_lifetime_seconds,
        not_before=certificate.not_before.timestamp(),
        expires_at=certificate.expires_at.timestamp(),
    )
