"""Compact JWS by a strict profile: ES256 and three header members, nothing else.

Everything that is cheap is checked before any cryptography, and anything unusual is refused: an
attacker's freedom lies in what a lenient reader accepts.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from capability_sdk.contracts.tokens import ALGORITHM

_HEADER_MEMBERS = {"alg", "typ", "kid"}
_MAX_HEADER_BYTES = 512
_PARTS = 3
_SIGNATURE_BYTES = 64
_COORDINATE_BYTES = 32

PublicKeys = Mapping[str, EllipticCurvePublicKey]


class JwsRefused(ValueError):
    """The text is no JWS of the profile, or its signature does not hold."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A JWS whose signature holds; ``payload`` has no member twice."""

    kid: str
    payload: dict[str, Any]


def public_keys(jwks: list[dict[str, Any]]) -> dict[str, EllipticCurvePublicKey]:
    """Read the P-256 keys of a key set, by ``kid``.

    Raises:
        JwsRefused: A key is of another kind, or has no ``kid``.
    """
    keys: dict[str, EllipticCurvePublicKey] = {}
    for jwk in jwks:
        kid = jwk.get("kid")
        if not isinstance(kid, str) or not kid or kid in keys:
            raise JwsRefused("a key of the set has no kid of its own")
        keys[kid] = _public_key(jwk)
    return keys


def verify(token: bytes, *, kind: str, keys: PublicKeys, max_bytes: int) -> Verified:
    """Verify a compact JWS.

    Args:
        token: The JWS, ASCII.
        kind: The only ``typ`` that is accepted.
        keys: Keys by ``kid``; a header never brings its own.
        max_bytes: Longer ones are refused unseen.

    Raises:
        JwsRefused: Whatever is not as it must be.
    """
    if len(token) > max_bytes:
        raise JwsRefused("too long")
    parts = token.split(b".")
    if len(parts) != _PARTS:
        raise JwsRefused("not three parts")
    kid, key = _check_header(parts[0], kind, keys)
    payload = parse_object(decode_base64url(parts[1]))
    signature = decode_base64url(parts[2])
    if len(signature) != _SIGNATURE_BYTES:
        raise JwsRefused("signature of another size")
    half = _SIGNATURE_BYTES // 2
    r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
    try:
        signed = token[: len(parts[0]) + 1 + len(parts[1])]
        key.verify(encode_dss_signature(r, s), signed, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise JwsRefused("signature does not hold") from error
    return Verified(kid, payload)


def decode_base64url(text: bytes) -> bytes:
    """Decode canonical base64url without padding: one text for one value."""
    try:
        value = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise JwsRefused("not base64url") from error
    if base64.urlsafe_b64encode(value).rstrip(b"=") != text:
        raise JwsRefused("not canonical base64url")
    return value


def parse_object(data: bytes) -> dict[str, Any]:
    """Parse a JSON object; a member twice, NaN and infinity are refused."""
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_single, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise JwsRefused("not JSON of the profile") from error
    if not isinstance(value, dict):
        raise JwsRefused("not an object")
    return value


def _check_header(text: bytes, kind: str, keys: PublicKeys) -> tuple[str, EllipticCurvePublicKey]:
    if len(text) > _MAX_HEADER_BYTES:
        raise JwsRefused("header too long")
    header = parse_object(decode_base64url(text))
    if set(header) != _HEADER_MEMBERS:
        raise JwsRefused("header members")
    kid = header["kid"]
    if header["alg"] != ALGORITHM or header["typ"] != kind or not isinstance(kid, str):
        raise JwsRefused("header values")
    key = keys.get(kid)
    if key is None:
        raise JwsRefused("unknown key")
    return kid, key


def _public_key(jwk: dict[str, Any]) -> EllipticCurvePublicKey:
    x, y = jwk.get("x"), jwk.get("y")
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise JwsRefused("a key of the set is not on P-256")
    if not isinstance(x, str) or not isinstance(y, str):
        raise JwsRefused("a key of the set has no point")
    point = [decode_base64url(part.encode()) for part in (x, y)]
    if any(len(part) != _COORDINATE_BYTES for part in point):
        raise JwsRefused("a key of the set has no point of P-256")
    try:
        first, second = int.from_bytes(point[0]), int.from_bytes(point[1])
        return EllipticCurvePublicNumbers(first, second, SECP256R1()).public_key()
    except ValueError as error:
        raise JwsRefused("a key of the set is not on its curve") from error


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
