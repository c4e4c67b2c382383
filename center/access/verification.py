"""Verifies what edges present, by a strict profile: anything unusual is refused.

PyJWT checks the signature alone; types, times and names are compared here, against the center's
own clock and without any of its lenient readings.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from jwt.algorithms import ECAlgorithm
from pydantic import BaseModel, ConfigDict, ValidationError

from capability_sdk.contracts.model import Identifier
from capability_sdk.contracts.tokens import ALGORITHM, MAX_TOKEN_BYTES, TOKEN_TYPE

ASSERTION_LIFE_SECONDS = 300
LEEWAY_SECONDS = 30
"""How far an edge's clock may be off."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_HEADERS = frozenset({"alg", "typ", "kid"})
C = TypeVar("C", bound=BaseModel)
FindKey = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any] | None]
"""Returns the JWK for an unverified header and unverified claims; None if there is none."""


class EdgeClaims(BaseModel):
    """Content of the token that an edge presents to the center."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    iss: Literal["urn:jiuzhou:center"]
    aud: Literal["urn:jiuzhou:center"]
    sub: Identifier
    epoch: int
    iat: int
    exp: int
    jti: Identifier


class AssertionClaims(BaseModel):
    """Content of an edge's RFC 7523 assertion."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    iss: Identifier
    sub: Identifier
    aud: Literal["urn:jiuzhou:center"]
    exp: int
    iat: int | None = None
    nbf: int | None = None
    jti: Identifier


def verify_edge_token(token: str, find_key: FindKey, now: datetime) -> EdgeClaims | None:
    """Return the claims of a token that the center signed for an edge, or None."""
    claims = _verify(token, find_key, EdgeClaims, typ=frozenset({TOKEN_TYPE}))
    if claims is None or not claims.iat <= claims.exp or claims.exp <= now.timestamp():
        return None
    return claims


def verify_assertion(token: str, find_key: FindKey, now: datetime) -> AssertionClaims | None:
    """Return the claims of an edge's own assertion, or None."""
    claims = _verify(token, find_key, AssertionClaims, typ=frozenset({None, "JWT"}))
    if claims is None or claims.iss != claims.sub:
        return None
    moment = now.timestamp()
    lives = moment - LEEWAY_SECONDS < claims.exp <= moment + ASSERTION_LIFE_SECONDS + LEEWAY_SECONDS
    begun = all(at is None or at <= moment + LEEWAY_SECONDS for at in (claims.iat, claims.nbf))
    return claims if lives and begun else None


def _verify(
    token: str, find_key: FindKey, kind: type[C], *, typ: frozenset[str | None]
) -> C | None:
    if len(token) > MAX_TOKEN_BYTES or not _COMPACT.fullmatch(token):
        return None
    try:
        header = jwt.get_unverified_header(token)
        unverified = jwt.decode(token, options={"verify_signature": False})
        if not _is_plain(header, typ):
            return None
        jwk = find_key(header, unverified)
        key = ECAlgorithm.from_jwk(dict(jwk)) if jwk is not None else None
        if not isinstance(key, EllipticCurvePublicKey):
            return None
        jwt.PyJWS().decode(token, key, algorithms=[ALGORITHM])
        return kind.model_validate(unverified)
    except (jwt.PyJWTError, ValidationError, ValueError, TypeError, RecursionError):
        return None


def _is_plain(header: Mapping[str, Any], typ: frozenset[str | None]) -> bool:
    kid = header.get("kid")
    return (
        set(header) <= _HEADERS
        and header.get("alg") == ALGORITHM
        and header.get("typ") in typ
        and (kid is None or isinstance(kid, str))
    )
