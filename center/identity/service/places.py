"""Founding provinces, and enrolling their edges."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from jwt.algorithms import ECAlgorithm
from jwt.exceptions import InvalidKeyError
from sqlalchemy.orm import Session

from capability_sdk.contracts.enrolment import EdgeIdentity, EnrolmentRequest
from capability_sdk.contracts.errors import InvalidInput, NotFound
from capability_sdk.contracts.tokens import audience
from center.identity.audit import record
from center.identity.domain import Edge, Organisation, OrganisationKind, Province, new_secret
from center.identity.errors import AlreadyRevoked, KeyRefused
from center.identity.store import OrganisationStore, PlaceStore
from center.permissions import CENTER, Actor, ActorKind, Role
from center.signing import Signer


def found(session: Session, actor: Actor, province: Province) -> Province:
    """Add a province.

    Raises:
        InvalidInput: The name is the center's.
        NameTaken: There is a province, or another organisation, of this name.
    """
    if province.name == CENTER:
        raise InvalidInput("`center` is the center's own name.")
    OrganisationStore(session).add(
        Organisation(
            province.name,
            OrganisationKind.PROVINCE,
            province.title_zh,
            province.title_en,
            province.created_at,
        )
    )
    PlaceStore(session).add(province)
    detail: dict[str, Any] = {"zone": province.zone, "kind": province.kind}
    if province.simulated:
        detail["simulated"] = True
    record(session, actor, "province.founded", f"province/{province.name}", detail)
    return province


def make_code(
    session: Session, actor: Actor, province: str, now: datetime, lifetime: timedelta
) -> tuple[str, datetime]:
    """Return a code that lets one edge of the province enrol once, and when it expires.

    Raises:
        NotPermitted: The actor is confined to others.
        NotFound: There is no such province.
    """
    actor.require_province(province)
    places = PlaceStore(session)
    places.get(province)
    code, expires_at = new_secret(), now + lifetime
    places.add_code(province, code, expires_at)
    record(session, actor, "enrolment-code.made", f"province/{province}", at=now)
    return code, expires_at


def enrol(
    session: Session, request: EnrolmentRequest, signer: Signer, now: datetime
) -> EdgeIdentity:
    """Make whoever holds the code the province's edge, at the next epoch.

    Raises:
        CodeRefused: The code is unknown, used or expired.
        KeyRefused: The key is no public EC key on P-256.
        InvalidInput: The gateway's address is no http address.
    """
    places = PlaceStore(session)
    province = places.use_code(request.code, now)
    edge_id = f"edge-{province.name}"
    before = places.find_edge(edge_id, lock=True)
    edge = Edge(
        id=edge_id,
        province=province.name,
        epoch=before.epoch + 1 if before is not None else 1,
        public_key=public_jwk(request.public_key),
        gateway_url=_http_address(request.gateway_url),
        enrolled_at=now,
    )
    places.put_edge(edge)
    actor = Actor(ActorKind.EDGE, edge.id, Role.EDGE, province.name)
    detail = {"epoch": edge.epoch, "gateway_url": edge.gateway_url}
    record(session, actor, "edge.enrolled", f"edge/{edge.id}", detail, at=now)
    return EdgeIdentity(
        edge=edge.id,
        province=province.name,
        epoch=edge.epoch,
        zone=province.zone,
        audience=audience(province.name),
        state_keys=signer.public_keys("state"),
        release_keys=signer.public_keys("release"),
        kind=province.kind,
    )


def revoke_edge(session: Session, actor: Actor, edge_id: str, now: datetime) -> Edge:
    """Make an edge's key worthless and end every right in its province, until it enrols again.

    Raises:
        NotFound: There is no such edge within reach.
        AlreadyRevoked: It was revoked, and has not enrolled since.
    """
    places = PlaceStore(session)
    edge = places.find_edge(edge_id, lock=True)
    if edge is None or not actor.sees(edge.province):
        raise NotFound(f"There is no edge {edge_id}.")
    if edge.revoked_at is not None:
        raise AlreadyRevoked(f"{edge_id} was revoked: it may enrol again with a new code.")
    revoked = replace(edge, revoked_at=now)
    places.put_edge(revoked)
    record(session, actor, "edge.revoked", f"edge/{edge_id}", {"epoch": edge.epoch}, at=now)
    return revoked


def public_jwk(key: Mapping[str, Any]) -> dict[str, Any]:
    """Return the four members that make an EC P-256 public key, and nothing else.

    Raises:
        KeyRefused: It is another kind of key, or holds its private half.
    """
    members = {name: key.get(name) for name in ("kty", "crv", "x", "y")}
    if "d" in key:
        raise KeyRefused("The private half of a key never leaves the edge: make a new key.")
    if members["kty"] != "EC" or members["crv"] != "P-256":
        raise KeyRefused("An edge's key is an EC key on P-256.")
    try:
        loaded = ECAlgorithm.from_jwk(members)
    except (InvalidKeyError, ValueError, TypeError) as error:
        raise KeyRefused("The key is not a point on P-256.") from error
    if not isinstance(loaded, EllipticCurvePublicKey) or not isinstance(loaded.curve, SECP256R1):
        raise KeyRefused("An edge's key is an EC key on P-256.")
    return members


def _http_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        plain = parts.port != 0 and not (parts.username or parts.query or parts.fragment)
    except ValueError as error:
        raise InvalidInput("gateway_url is not an address.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise InvalidInput("gateway_url is an http or https address, without credentials.")
    return address.rstrip("/")
