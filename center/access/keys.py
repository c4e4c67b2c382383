"""The center's own signing keys: token keys that rotate, state and release keys that edges pin."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from jwt.algorithms import ECAlgorithm
from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import Conflict, Unavailable
from capability_sdk.contracts.tokens import ALGORITHM
from center.access.domain import Purpose, SigningKey, signs_now
from center.access.store import AccessStore
from center.access.vault import Vault
from center.database import Database
from center.signing import SigningPurpose


class KeyRing:
    """Signs; `center.signing.Signer` for the other domains."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._opened: dict[str, EllipticCurvePrivateKey] = {}
        self._fixed: dict[Purpose, tuple[SigningKey, ...]] = {}

    def prepare(self, database: Database, now: datetime) -> None:
        """Make the keys that a new platform needs, and open those that sign.

        Raises:
            MasterKeyMismatch: The keys were sealed with another master key.
        """
        for purpose in Purpose:
            with database.session(write=False) as session:
                keys = AccessStore(session).keys(purpose)
            if not keys:
                keys = self._make_first(database, purpose, now)
            self.open(keys[0])
            if purpose is not Purpose.TOKEN:
                self._fixed[purpose] = tuple(keys)

    def make(self, purpose: Purpose, generation: int, active_from: datetime) -> SigningKey:
        """Return a new key, sealed."""
        private = self._vault.make()
        public = public_jwk(private.public_key())
        kid = str(public["kid"])
        sealed = self._vault.seal(private, kid)
        return SigningKey(kid, purpose, generation, public, sealed, active_from)

    def open(self, key: SigningKey) -> EllipticCurvePrivateKey:
        """Return the private half of a key."""
        private = self._opened.get(key.kid)
        if private is None:
            private = self._opened[key.kid] = self._vault.open(key.sealed, key.kid)
        return private

    def sign_jws(self, payload: bytes, typ: str, key: SigningPurpose) -> str:
        """Sign bytes as a compact JWS (ES256) with the state or the release key."""
        newest = self._fixed[Purpose(key)][0]
        headers = {"typ": typ, "kid": newest.kid}
        return jwt.PyJWS().encode(payload, self.open(newest), ALGORITHM, headers=headers)

    def public_keys(self, key: SigningPurpose) -> list[dict[str, Any]]:
        """Return the JWKs that verify, newest first."""
        return [item.public_jwk for item in self._fixed[Purpose(key)]]

    def sign_token(
        self, session: Session, claims: Mapping[str, Any], typ: str, now: datetime
    ) -> str:
        """Sign a token with the key that is active now.

        Raises:
            Unavailable: No token key may sign now.
        """
        key = signs_now(AccessStore(session).keys(Purpose.TOKEN), now)
        if key is None:
            raise Unavailable("No token key may sign now.")
        headers = {"typ": typ, "kid": key.kid}
        return jwt.encode(dict(claims), self.open(key), ALGORITHM, headers=headers)

    def _make_first(self, database: Database, purpose: Purpose, now: datetime) -> list[SigningKey]:
        try:
            with database.session() as session:
                AccessStore(session).add_key(self.make(purpose, 1, now))
        except Conflict:
            pass  # another center started at the same moment; its key is as good
        with database.session(write=False) as session:
            return AccessStore(session).keys(purpose)


def public_jwk(key: EllipticCurvePublicKey) -> dict[str, Any]:
    """Return a public key as a JWK whose ``kid`` is its RFC 7638 thumbprint."""
    members = ECAlgorithm.to_jwk(key, as_dict=True)
    core = {name: members[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(core, sort_keys=True, separators=(",", ":"))
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    kid = thumbprint.rstrip(b"=").decode()
    return {**core, "kid": kid, "alg": ALGORITHM, "use": "sig"}
