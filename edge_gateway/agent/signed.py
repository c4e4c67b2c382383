"""What the center signed: releases and drafts, verified with the keys that enrolment pinned; tokens, read."""

from datetime import datetime
from typing import Final

from pydantic import ValidationError

from capability_sdk.contracts.enrolment import EdgeIdentity, ProvinceKind
from capability_sdk.contracts.packages import DRAFT_TYPE, RELEASE_TYPE, DraftRelease, Release
from edge_gateway import jws
from edge_gateway.agent.errors import DraftExpired, PackageRefused

_MAX_RELEASE_BYTES: Final = 4 << 20


def read_release(document: str, site: EdgeIdentity, now: datetime) -> Release:
    """Verify and read a release, or a draft's.

    Args:
        document: Compact JWS.
        site: Who reads it, with the release keys that it pinned.
        now: Present moment; a draft runs for minutes only.

    Raises:
        PackageRefused: No pinned release key signed it, or it is a draft of another edge's.
        DraftExpired: It was a draft of this edge.
    """
    is_draft = site.kind is ProvinceKind.PROVING and _kind(document) == DRAFT_TYPE
    try:
        found = jws.verify(
            document.encode(),
            kind=DRAFT_TYPE if is_draft else RELEASE_TYPE,
            keys=jws.public_keys(site.release_keys),
            max_bytes=_MAX_RELEASE_BYTES,
        )
        release = (DraftRelease if is_draft else Release).model_validate(found.payload)
    except jws.JwsRefused as error:
        raise PackageRefused(f"The release is not the center's: {error}.") from None
    except ValidationError:
        raise PackageRefused("The release is signed, but not understood.") from None
    if isinstance(release, DraftRelease):
        _require_in_force(release, site, now)
    return release


def _require_in_force(draft: DraftRelease, site: EdgeIdentity, now: datetime) -> None:
    if draft.province != site.province:
        raise PackageRefused(f"The draft is for {draft.province} alone.")
    if draft.expires_at <= now:
        raise DraftExpired(f"The draft was to run until {draft.expires_at:%FT%TZ}.")


def _kind(document: str) -> str:
    """Return the type that a JWS names, unverified; empty where it names none."""
    try:
        header = jws.decode_base64url(document.encode().split(b".", 1)[0])
        return str(jws.parse_object(header).get("typ", ""))
    except ValueError:
        return ""


def name_signer(token: str) -> tuple[str, str]:
    """Return the key id and the issuer that a token names, unverified; empty where it has none."""
    try:
        header, claims, _ = token.encode().split(b".")
        kid = jws.parse_object(jws.decode_base64url(header)).get("kid")
        issuer = jws.parse_object(jws.decode_base64url(claims)).get("iss")
    except ValueError:
        return "", ""
    return str(kid or ""), str(issuer or "")
