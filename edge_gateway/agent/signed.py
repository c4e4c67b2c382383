"""What the center signed: releases, verified with the keys that enrolment pinned; tokens, read."""

from typing import Any, Final

from pydantic import ValidationError

from capability_sdk.contracts.packages import RELEASE_TYPE, Release
from edge_gateway import jws
from edge_gateway.agent.errors import PackageRefused

_MAX_RELEASE_BYTES: Final = 4 << 20


def read_release(document: str, keys: list[dict[str, Any]]) -> Release:
    """Verify and read a release.

    Args:
        document: Compact JWS.
        keys: The pinned release keys, JWKs.

    Raises:
        PackageRefused: No pinned release key signed it, or it is no release.
    """
    try:
        found = jws.verify(
            document.encode(),
            kind=RELEASE_TYPE,
            keys=jws.public_keys(keys),
            max_bytes=_MAX_RELEASE_BYTES,
        )
        return Release.model_validate(found.payload)
    except jws.JwsRefused as error:
        raise PackageRefused(f"The release is not the center's: {error}.") from None
    except ValidationError:
        raise PackageRefused("The release is signed, but not understood.") from None


def name_signer(token: str) -> tuple[str, str]:
    """Return the key id and the issuer that a token names, unverified; empty where it has none."""
    try:
        header, claims, _ = token.encode().split(b".")
        kid = jws.parse_object(jws.decode_base64url(header)).get("kid")
        issuer = jws.parse_object(jws.decode_base64url(claims)).get("iss")
    except ValueError:
        return "", ""
    return str(kid or ""), str(issuer or "")
