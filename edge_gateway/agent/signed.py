"""Compact JWS of the center, verified with the keys that enrolment pinned."""

from collections.abc import Mapping, Sequence
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from jwt.algorithms import ECAlgorithm
from pydantic import ValidationError

from capability_sdk.contracts.packages import RELEASE_TYPE, Release
from capability_sdk.contracts.tokens import ALGORITHM
from edge_gateway.agent.errors import PackageRefused

_HEADERS = frozenset({"alg", "typ", "kid"})


def verified_payload(
    document: str, keys: Sequence[Mapping[str, Any]], media_type: str
) -> bytes | None:
    """Return the payload if one of the keys signed it as this media type; None otherwise.

    Args:
        document: Compact JWS.
        keys: JWKs (EC, P-256). Keys named in the document itself are never followed.
        media_type: What the header's ``typ`` must be.
    """
    try:
        header = jwt.get_unverified_header(document)
    except jwt.PyJWTError:
        return None
    unusual = set(header) - _HEADERS
    if unusual or header.get("alg") != ALGORITHM or header.get("typ") != media_type:
        return None
    return next((p for key in keys if (p := _payload(document, key)) is not None), None)


def read_release(document: str, keys: Sequence[Mapping[str, Any]]) -> Release:
    """Verify and read a release.

    Raises:
        PackageRefused: No pinned release key signed it, or it is no release.
    """
    payload = verified_payload(document, keys, RELEASE_TYPE)
    if payload is None:
        raise PackageRefused("The release is not signed by the center's release key.")
    try:
        return Release.model_validate_json(payload)
    except ValidationError:
        raise PackageRefused("The release is signed, but not understood.") from None


def _payload(document: str, jwk: Mapping[str, Any]) -> bytes | None:
    try:
        key = ECAlgorithm.from_jwk(dict(jwk))
        if not isinstance(key, EllipticCurvePublicKey):
            return None
        payload: bytes = jwt.PyJWS().decode(document, key, algorithms=[ALGORITHM])
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return payload
