"""The delegated issuer: signs callers' tokens while the center is away, within its certificate.

Nothing is answered before it is recorded: each token goes to the center's audit trail afterwards.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from capability_sdk.contracts.state import ApplicationState
from capability_sdk.contracts.telemetry import IssuedToken
from capability_sdk.contracts.tokens import (
    ALGORITHM,
    MAX_LIFETIME,
    TOKEN_TYPE,
    TokenAnswer,
    TokenRelay,
    credential_mark,
    infer_scope,
)
from capability_sdk.kit.clock import Clock
from capability_sdk.spool import SpoolUnwritable
from edge_gateway.agent.attempts import Attempts
from edge_gateway.agent.database import AgentDatabase, CursorRow
from edge_gateway.agent.errors import (
    CHALLENGE,
    DatabaseUnwritable,
    InvalidClient,
    InvalidScope,
    ScopeNotGranted,
    TokensUnavailable,
    TooManyRequests,
)
from edge_gateway.agent.outbox import Outbox
from edge_gateway.agent.state_on_disk import Candidate, StateOnDisk
from edge_gateway.delegation import Delegation
from edge_gateway.state import CLOCK_LEEWAY

ISSUANCE_STREAM = "issuance"
_LEAST_SECONDS = 30
"""A token that dies sooner is of no use to anybody."""
_WRONG_PER_MINUTE = 20
_TOKENS_PER_MINUTE = 120
_LATER = {"Retry-After": "30"}


class IssuedTokens:
    """What was issued, durable before it is handed out; and the latest moment that was seen."""

    _CLOCK = ("issuer", "clock", 0)

    def __init__(self, database: AgentDatabase, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox
        with database.transaction() as session:
            row = session.get(CursorRow, self._CLOCK)
            self.latest = 0 if row is None else row.seq

    def record(self, token: IssuedToken) -> None:
        """Store a token for the center, and the moment.

        Raises:
            TokensUnavailable: It cannot be stored, so it must not be handed out.
        """
        consumer, stream, epoch = self._CLOCK
        moment = int(token.at.timestamp())
        try:
            with self._database.transaction() as session:
                self._outbox.put(session, token.model_dump_json().encode())
                session.merge(CursorRow(consumer=consumer, stream=stream, epoch=epoch, seq=moment))
            self._outbox.drain()
        except (DatabaseUnwritable, SpoolUnwritable, OSError) as error:
            raise TokensUnavailable(
                "The token cannot be recorded, so it is not issued: look at the disk.",
                headers=_LATER,
            ) from error
        self.latest = max(self.latest, moment)


@dataclass(frozen=True, slots=True)
class _Licence:
    """A certificate that may be used now."""

    candidate: Candidate
    delegation: Delegation
    now: datetime


class DelegatedIssuer:
    """Authenticates applications by the state on disk, and signs what its certificate allows."""

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        states: StateOnDisk,
        issued: IssuedTokens,
        *,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = key
        self._states = states
        self._issued = issued
        self._clock = clock
        self._monotonic = monotonic
        self._wrong = Attempts(_WRONG_PER_MINUTE, 60.0, monotonic=monotonic)
        self._asked = Attempts(_TOKENS_PER_MINUTE, 60.0, monotonic=monotonic)
        self._turn = threading.Lock()
        self._ends: tuple[Candidate, float] | None = None

    @property
    def is_certified(self) -> bool:
        """Whether the state in force certifies this very key."""
        current = self._states.current
        delegation = None if current is None else current.view.delegation
        return delegation is not None and self._owns(delegation)

    def refusal(self) -> str | None:
        """Say why no token could be issued now; None where one could."""
        with self._turn:
            found = self._licence()
        return found if isinstance(found, str) else None

    def issue(self, request: TokenRelay) -> TokenAnswer:
        """Sign a token for a caller; call it from worker threads only.

        Raises:
            TokensUnavailable: The certificate does not allow it now, or it cannot be recorded.
            InvalidClient: No active application of the province has this id and secret.
            ScopeNotGranted: The application has no subscription in force for what it asks.
            InvalidScope: Trials are the center's alone.
            TooManyRequests: The client asks too often.
        """
        with self._turn:
            licence = self._licence()
            if isinstance(licence, str):
                raise TokensUnavailable(
                    "New access tokens come from the center, which cannot be reached now, and this"
                    f" province may not issue them: {licence} Tokens that were issued before stay"
                    " valid until they expire.",
                    headers={"Retry-After": "5"},
                )
            application, secret_digest = self._authenticate(request, licence)
            scope = _scope(request.scope, application, licence)
            return self._sign(application, secret_digest, scope, licence)

    def _licence(self) -> _Licence | str:
        """Return what may be used now, or why nothing may."""
        current, now = self._states.current, self._clock()
        if current is None or current.view.is_expired(now):
            return "the desired state has expired."
        delegation = current.view.delegation
        if delegation is None:
            return "the center has not certified its issuer."
        if not self._owns(delegation):
            return "the center's certificate is for another key."
        return self._trouble_with_time(current, delegation, now.timestamp()) or _Licence(
            current, delegation, now
        )

    def _trouble_with_time(
        self, current: Candidate, delegation: Delegation, now: float
    ) -> str | None:
        seen = max(current.state.issued_at.timestamp(), self._issued.latest)
        if now < seen - CLOCK_LEEWAY.total_seconds():
            return "its clock was turned back."
        # By both clocks, so that turning back the wall clock prolongs nothing.
        if self._ends is None or self._ends[0] is not current:
            left = min(delegation.expires_at, current.state.expires_at.timestamp()) - now
            self._ends = (current, self._monotonic() + left)
        if now + _LEAST_SECONDS >= delegation.expires_at or self._monotonic() >= self._ends[1]:
            return "its certificate has expired."
        return "its certificate does not hold yet." if now < delegation.not_before else None

    def _owns(self, delegation: Delegation) -> bool:
        return delegation.key.public_numbers() == self._key.public_key().public_numbers()

    def _authenticate(self, request: TokenRelay, licence: _Licence) -> tuple[ApplicationState, str]:
        found = licence.candidate.view.applications.get(request.client_id)
        given = sha256(request.client_secret.encode()).hexdigest()
        known = [] if found is None else found.secret_hashes
        # As many comparisons for an unknown client as for one in the middle of a rotation.
        matches = [hmac.compare_digest(given, item) for item in [*known, "", ""][:2]]
        if found is None or not any(matches) or not found.active:
            self._require_patience(self._wrong, request.client_id)
            raise InvalidClient("The client credentials are not valid.", headers=CHALLENGE)
        self._require_patience(self._asked, found.client_id)
        return found, given

    @staticmethod
    def _require_patience(attempts: Attempts, client: str) -> None:
        wait = attempts.count(client)
        if wait:
            raise TooManyRequests(
                "This client asks for tokens too often: keep a token until it expires.",
                headers={"Retry-After": str(int(wait) + 1)},
            )

    def _sign(
        self, application: ApplicationState, secret_digest: str, scope: str, licence: _Licence
    ) -> TokenAnswer:
        delegation, issued_at = licence.delegation, int(licence.now.timestamp())
        longest = min(delegation.max_lifetime, int(MAX_LIFETIME.total_seconds()))
        expires_at = min(issued_at + longest, int(delegation.expires_at))
        jti = f"t-{secrets.token_hex(16)}"
        claims = {
            "iss": delegation.issuer,
            "aud": delegation.audience,
            "sub": application.client_id,
            "client_id": application.client_id,
            "scope": scope,
            "credential": credential_mark(secret_digest),
            "jti": jti,
            "iat": issued_at,
            "exp": expires_at,
        }
        headers = {"typ": TOKEN_TYPE, "kid": delegation.kid}
        token = jwt.encode(claims, self._key, ALGORITHM, headers=headers)
        self._issued.record(
            IssuedToken(
                at=licence.now,
                application=application.client_id,
                scope=scope,
                jti=jti,
                kid=delegation.kid,
                expires_at=datetime.fromtimestamp(expires_at, UTC),
            )
        )
        return TokenAnswer(access_token=token, expires_in=expires_at - issued_at, scope=scope)


def _scope(asked: str, application: ApplicationState, licence: _Licence) -> str:
    client = application.client_id
    granted = {name for owner, name in licence.candidate.view.grants if owner == client}
    wanted = set(asked.split())
    if any(not item.startswith("infer:") for item in wanted):
        raise InvalidScope("Trials need the center, which cannot be reached now.")
    names = {item.removeprefix("infer:") for item in wanted} or granted
    if not names or names - granted:
        missing = ", ".join(sorted(names - granted)) or "anything"
        raise ScopeNotGranted(f"No active subscription covers {missing}.")
    if not wanted:
        names = {name for name in granted if licence.delegation.covers({name})}
    if not names or not licence.delegation.covers(names):
        raise TokensUnavailable(
            "Only the center issues tokens for this, and it cannot be reached now.", headers=_LATER
        )
    return " ".join(sorted(infer_scope(name) for name in names))
