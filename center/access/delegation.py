"""The provinces' delegated issuers: who may sign tokens while the center is away, and for what."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from jwt.algorithms import ECAlgorithm
from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import NotFound
from capability_sdk.contracts.state import IssuerCertificate
from capability_sdk.contracts.tokens import audience, delegated_issuer
from center.access.domain import Delegation, IssuerKey
from center.access.keys import public_jwk
from center.access.store import DelegationStore
from center.identity import audit
from center.identity.domain import Edge
from center.identity.errors import KeyRefused
from center.identity.service import places
from center.identity.store import PlaceStore
from center.permissions import Actor


@dataclass(frozen=True, slots=True)
class IssuerTerms:
    """How long a certificate is good without the center, and how long a token of its issuer."""

    lifetime: timedelta
    token_lifetime: timedelta


def register_key(
    session: Session, actor: Actor, edge_id: str, public_key: Mapping[str, Any], now: datetime
) -> IssuerKey:
    """Keep the key of an edge's delegated issuer; the same key again changes nothing.

    Raises:
        NotFound: The edge is not the asker.
        KeyRefused: It is no public EC key on P-256, or the edge's own.
    """
    edge = PlaceStore(session).find_edge(edge_id, lock=True) if actor.name == edge_id else None
    if edge is None:
        raise NotFound(f"There is no edge {edge_id}.")
    members = places.public_jwk(public_key)
    if members == edge.public_key:
        raise KeyRefused("The issuer needs a key of its own, not the edge's.")
    loaded = ECAlgorithm.from_jwk(members)
    if not isinstance(loaded, EllipticCurvePublicKey):
        raise KeyRefused("The issuer's public key is needed, not its private one.")
    store = DelegationStore(session)
    known = store.find_key(edge.id, edge.epoch)
    # The name of a key is what it is, never what its owner says.
    jwk = public_jwk(loaded)
    if known is not None and known.public_jwk == jwk:
        return known
    key = IssuerKey(edge.id, edge.epoch, jwk, now)
    store.put_key(key)
    audit.record(
        session, actor, "issuer-key.registered", f"edge/{edge.id}", {"kid": jwk["kid"]}, at=now
    )
    return key


def decide(
    session: Session, actor: Actor, province: str, delegation: Delegation, now: datetime
) -> Delegation:
    """Decide what a province's delegated issuer may do; it holds with the next desired state.

    Raises:
        NotFound: There is no such province.
    """
    PlaceStore(session).get(province)
    DelegationStore(session).put(province, delegation)
    limit = delegation.capabilities
    detail = {
        "enabled": delegation.enabled,
        "capabilities": None if limit is None else sorted(limit),
    }
    audit.record(session, actor, "delegation.decided", f"province/{province}", detail, at=now)
    return delegation


def certify(
    session: Session, edge: Edge, terms: IssuerTerms, now: datetime
) -> IssuerCertificate | None:
    """Return what an edge's delegated issuer may sign from now on; None where it may not."""
    store = DelegationStore(session)
    delegation, key = store.get(edge.province), store.find_key(edge.id, edge.epoch)
    if not delegation.enabled or key is None:
        return None
    limit: Collection[str] | None = delegation.capabilities
    return IssuerCertificate(
        issuer=delegated_issuer(edge.province),
        key=key.public_jwk,
        audience=audience(edge.province),
        capabilities=None if limit is None else sorted(limit),
        max_lifetime_seconds=int(terms.token_lifetime.total_seconds()),
        not_before=key.since,
        expires_at=now + terms.lifetime,
    )
