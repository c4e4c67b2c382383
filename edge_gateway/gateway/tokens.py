"""Access tokens: verified offline by a strict profile; verified claims are kept, rights never."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from capability_sdk.contracts.tokens import (
    CENTER_ISSUER,
    MAX_LIFETIME,
    MAX_TOKEN_BYTES,
    MAX_TRIAL_CALLS,
    TOKEN_TYPE,
    audience,
)
from edge_gateway import jws
from edge_gateway.delegation import Delegation
from edge_gateway.errors import TokenExpired, TokenRefused, WrongProvince
from edge_gateway.jws import PublicKeys
from edge_gateway.state import StateView

LEEWAY_SECONDS = 5
MAX_REMEMBERED = 20_000

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_SCOPES = re.compile(r"(infer|trial):[a-z][a-z0-9-]{1,62}( (infer|trial):[a-z][a-z0-9-]{1,62})*")
_AUDIENCE = re.compile(audience(r"[a-z][a-z0-9-]{1,30}"))
_STRINGS = ("iss", "aud", "sub", "client_id", "scope", "jti")

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial token lets its bearer try, and how many calls it is good for."""

    capability: str
    calls: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Verified content of an access token.

    Attributes:
        application: Who calls.
        capabilities: What the token's scope names; the state decides whether it still holds.
        jti: Id of the token.
        credential: Mark of the secret that it was asked with; empty where its issuer tells none.
        expires_at: Seconds since 1970.
        stale_at: The same moment on the monotonic clock, so that turning back the wall clock
            prolongs nothing.
        is_foreign: Whether it is another province's.
        trial: What it lets try; None for what subscriptions decide about.
    """

    application: str
    capabilities: frozenset[str]
    jti: str
    credential: str
    expires_at: int
    stale_at: float
    is_foreign: bool
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Vouched:
    """A caller, verified under the keys and revocations of a ``generation``."""

    caller: Caller
    generation: int


class _NotValidYet(jws.JwsRefused):
    """All is well with the token but its time."""


class TokenVerifier:
    """Verifies the bearer tokens of one province's gateway."""

    def __init__(
        self,
        province: str,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._audience = audience(province)
        self._wall = wall
        self._monotonic = monotonic
        self._keys: PublicKeys = {}
        self._delegation: Delegation | None = None
        self._delegation_ends_at = 0.0
        self._fingerprint: tuple[object, ...] = ()
        self._revoked: frozenset[str] = frozenset()
        self._accepted: dict[bytes, Caller] = {}
        self._refused: dict[bytes, None] = {}
        self._generation = 0

    def use(self, view: StateView | None) -> None:
        """Take over the keys and revocations of the state in force; without one, refuse all."""
        self._generation += 1
        fingerprint = () if view is None else view.key_fingerprint
        self._revoked = frozenset() if view is None else view.revoked
        if fingerprint != self._fingerprint:
            self._keys = {} if view is None else view.token_keys
            self._delegate(None if view is None else view.delegation)
            # A removed key's tokens must fall, and a new key's may have been refused before.
            self._accepted.clear()
            self._refused.clear()
            # Last: what fails half-way is done again with the next look at the state.
            self._fingerprint = fingerprint

    def _delegate(self, delegation: Delegation | None) -> None:
        """Accept the province's own issuer for as long as its certificate lives by both clocks."""
        self._delegation = delegation
        if delegation is not None:
            self._keys = {**self._keys, delegation.kid: delegation.key}
            self._delegation_ends_at = self._monotonic() + delegation.expires_at - self._wall()

    def verify(self, authorization: bytes | None, vouched: Vouched | None = None) -> Vouched:
        """Verify the value of the one Authorization header.

        Args:
            authorization: The value.
            vouched: What the same value came to before; nothing but time is looked at again, until
                a new state may have changed keys or revocations.

        Raises:
            TokenRefused: Not verifiable, or revoked.
            TokenExpired: Verified, but expired.
            WrongProvince: Verified, but another province's.
        """
        if vouched is None or vouched.generation != self._generation:
            vouched = Vouched(self._look_up(authorization), self._generation)
        caller = vouched.caller
        if self._wall() > caller.expires_at + LEEWAY_SECONDS or (
            self._monotonic() > caller.stale_at
        ):
            raise TokenExpired(
                "The access token has expired: ask for a new one.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        if caller.is_foreign:
            raise WrongProvince(
                "The access token is another province's: ask this gateway for a token."
            )
        return vouched

    def _look_up(self, authorization: bytes | None) -> Caller:
        """Find who a token makes known, whether in time or not.

        Raises:
            TokenRefused: Not verifiable, or revoked.
        """
        if authorization is None or authorization[:7].lower() != b"bearer ":
            raise refusal()
        token = authorization[7:]
        if len(token) > MAX_TOKEN_BYTES:
            raise refusal()
        digest = sha256(token).digest()
        caller = self._accepted.get(digest)
        if caller is None:
            caller = self._verify_new(token, digest)
        elif self._is_revoked(caller):
            raise refusal()
        return caller

    def _verify_new(self, token: bytes, digest: bytes) -> Caller:
        if digest in self._refused:
            raise refusal()
        try:
            found = jws.verify(token, kind=TOKEN_TYPE, keys=self._keys, max_bytes=MAX_TOKEN_BYTES)
            caller = self._read(found)
        except _NotValidYet:
            # Its moment comes: remembered, it would be refused for ever.
            raise refusal() from None
        except jws.JwsRefused:
            _remember(self._refused, digest, None)
            raise refusal() from None
        if self._is_revoked(caller):
            raise refusal()
        _remember(self._accepted, digest, caller)
        return caller

    def _is_revoked(self, caller: Caller) -> bool:
        return caller.jti in self._revoked or caller.credential in self._revoked

    def _read(self, found: jws.Verified) -> Caller:
        """Check the claims of a token whose signature holds."""
        claims = found.payload
        texts = [claims.get(name) for name in _STRINGS]
        if not all(isinstance(text, str) for text in texts):
            raise jws.JwsRefused("a claim is missing or of another type")
        issuer, aud, subject, client, scope, jti = (str(text) for text in texts)
        delegation = self._delegation
        own = delegation if delegation is not None and found.kid == delegation.kid else None
        if issuer != (CENTER_ISSUER if own is None else own.issuer) or subject != client:
            raise jws.JwsRefused("issuer or subject")
        if not all(_IDENTIFIER.fullmatch(text) for text in (client, jti)):
            raise jws.JwsRefused("no identifier")
        credential = claims.get("credential", "")
        if not isinstance(credential, str):
            raise jws.JwsRefused("a claim is of another type")
        if not _SCOPES.fullmatch(scope) or not _AUDIENCE.fullmatch(aud):
            raise jws.JwsRefused("scope or audience")
        now = self._wall()
        expires_at = _check_times(claims, now)
        if own is not None:
            self._check_delegated(own, aud, scope, claims["iat"], expires_at)
        left = expires_at + LEEWAY_SECONDS - now
        names = frozenset(s.removeprefix("infer:") for s in scope.split(" ") if s[:6] == "infer:")
        return Caller(
            application=client,
            capabilities=names,
            jti=jti,
            credential=credential,
            expires_at=expires_at,
            stale_at=self._monotonic() + left,
            is_foreign=aud != self._audience,
            trial=_trial(scope, claims),
        )

    def _check_delegated(
        self, own: Delegation, aud: str, scope: str, issued_at: int, expires_at: int
    ) -> None:
        """Hold a token of the province's own issuer against the certificate's bounds.

        Raises:
            JwsRefused: It says more than the center lets this issuer say.
        """
        if aud != own.audience:
            raise jws.JwsRefused("delegated for another province")
        if self._wall() >= own.expires_at or self._monotonic() >= self._delegation_ends_at:
            raise jws.JwsRefused("the certificate has expired")
        if issued_at + LEEWAY_SECONDS < own.not_before or expires_at > own.expires_at:
            raise jws.JwsRefused("outside the certificate's time")
        if expires_at - issued_at > own.max_lifetime:
            raise jws.JwsRefused("longer than the certificate allows")
        names = [item.removeprefix("infer:") for item in scope.split(" ")]
        # A trial scope keeps its prefix, which no capability's name has.
        if any(":" in name for name in names) or not own.covers(names):
            raise jws.JwsRefused("wider than the certificate")


def refusal() -> TokenRefused:
    """Make the one answer to whatever cannot be verified; it never says why."""
    return TokenRefused(
        "A valid access token is needed: ask POST /oauth2/token for one.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _trial(scope: str, claims: dict[str, Any]) -> Trial | None:
    """Read what a token lets try; only one that says nothing else lets try anything."""
    if scope[:6] != "trial:" or " " in scope:
        return None
    calls = claims.get("calls")
    if type(calls) is not int or not 0 < calls <= MAX_TRIAL_CALLS:
        raise jws.JwsRefused("a trial without a number of calls")
    return Trial(scope.removeprefix("trial:"), calls)


def _check_times(claims: dict[str, Any], now: float) -> int:
    issued, expires = claims.get("iat"), claims.get("exp")
    # bool is an int in Python, but not in a token.
    if type(issued) is not int or type(expires) is not int or issued < 0:
        raise jws.JwsRefused("a time is missing or of another type")
    if not 0 < expires - issued <= MAX_LIFETIME.total_seconds():
        raise jws.JwsRefused("lifetime")
    begins = claims.get("nbf", issued)
    if type(begins) is not int or max(begins, issued) > now + LEEWAY_SECONDS:
        raise _NotValidYet("not valid yet")
    return expires


def _remember(entries: dict[bytes, _Entry], digest: bytes, entry: _Entry) -> None:
    """Keep an entry; the oldest goes when there are too many."""
    if len(entries) >= MAX_REMEMBERED:
        del entries[next(iter(entries))]
    entries[digest] = entry
