"""The agent's own credential: a signed assertion (RFC 7523) is exchanged for a short-lived bearer."""

import asyncio
import secrets
import time
from collections.abc import Callable

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import BaseModel, Field, ValidationError

from capability_sdk.contracts.tokens import ALGORITHM, CENTER_ISSUER
from edge_gateway.agent.errors import CenterAway, CenterRefused
from edge_gateway.agent.refusals import answered

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 60
_RENEW_BEFORE_SECONDS = 60.0


class _BearerAnswer(BaseModel):
    access_token: str = Field(repr=False)
    expires_in: int = Field(gt=0)


class Credential:
    """Holds a bearer token until shortly before it expires; asks for a new one when needed."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        edge: str,
        key: ec.EllipticCurvePrivateKey,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._edge = edge
        self._key = key
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._bearer = ""
        self._renew_at = self._expires_at = 0.0

    @property
    def seconds_left(self) -> int:
        """Rest of the present token's life."""
        return max(0, int(self._expires_at - self._monotonic()))

    async def bearer(self) -> str:
        """Return a token that the center accepts.

        Raises:
            CenterAway: The old one has expired and the center does not answer.
            CenterRefused: The center does not know this edge (any more).
        """
        async with self._turn:
            if self._monotonic() < self._renew_at:
                return self._bearer
            try:
                await self._renew()
            except CenterAway:
                # An old token is good until it has truly expired.
                if self._monotonic() >= self._expires_at:
                    raise
            return self._bearer

    def forget(self, bearer: str) -> None:
        """Drop a token that the center refused."""
        if bearer == self._bearer:
            self._renew_at = self._expires_at = 0.0

    async def _renew(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        asked_at = self._monotonic()
        response = await answered(self._http.post("/oauth2/token", data=form))
        try:
            answer = _BearerAnswer.model_validate_json(response.content)
        except ValidationError:
            raise CenterRefused(
                "The center's token answer is not understood.", center_status=200
            ) from None
        self._bearer = answer.access_token
        self._expires_at = asked_at + answer.expires_in
        self._renew_at = self._expires_at - min(_RENEW_BEFORE_SECONDS, answer.expires_in / 2)

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._edge,
            "sub": self._edge,
            "aud": CENTER_ISSUER,
            "jti": secrets.token_hex(16),  # an identifier: it begins with no dash
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)
