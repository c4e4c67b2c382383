"""Registering the keys that authors sign packages with."""

import hashlib
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import NotFound
from center.identity.audit import record
from center.identity.domain import AuthorKey
from center.identity.errors import AlreadyRevoked, KeyRefused
from center.identity.store import AuthorKeyStore
from center.permissions import Actor


def register(session: Session, actor: Actor, pem: str, now: datetime) -> AuthorKey:
    """Register the asker's own public key.

    Raises:
        KeyRefused: It is no EC P-256 public key in PEM.
        NameTaken: Somebody has registered it already.
    """
    key = _load(pem)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    canonical = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    item = AuthorKey(hashlib.sha256(der).hexdigest(), actor.name, canonical, now)
    AuthorKeyStore(session).add(item)
    record(session, actor, "signing-key.registered", f"user/{actor.name}", {"key": item.id}, at=now)
    return item


def withdraw(session: Session, actor: Actor, key_id: str, now: datetime) -> AuthorKey:
    """Take nothing more that a key signed: its author's own, or any for an admin.

    Raises:
        NotFound: There is no such key, or not for the asker.
        AlreadyRevoked: It was withdrawn before.
    """
    store = AuthorKeyStore(session)
    item = store.get(key_id)
    if not actor.is_admin and item.owner != actor.name:
        raise NotFound(f"There is no signing key {key_id}.")
    if item.withdrawn_at is not None:
        raise AlreadyRevoked(f"The signing key {key_id} was withdrawn before.")
    store.withdraw(key_id, now)
    record(session, actor, "signing-key.withdrawn", f"user/{item.owner}", {"key": key_id}, at=now)
    return store.get(key_id)


def _load(pem: str) -> EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRefused("public_key_pem is not a public key in PEM.") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise KeyRefused("Packages are signed with an EC key on P-256.")
    return key
