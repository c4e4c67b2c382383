"""Minting tokens, rotating keys, revoking."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import InvalidInput, NotFound
from capability_sdk.contracts.state import KeySet
from capability_sdk.contracts.tokens import (
    CENTER_ISSUER,
    MAX_LIFETIME,
    MAX_TOKEN_BYTES,
    TOKEN_TYPE,
    TokenAnswer,
    TokenRelay,
    audience,
    credential_mark,
    infer_scope,
    trial_scope,
)
from center.access.domain import OVERLAP, Purpose, SigningKey, key_set, signs_now
from center.access.errors import (
    CapabilityNotGranted,
    InvalidClient,
    InvalidScope,
    RotationUnderWay,
    UnsupportedGrant,
)
from center.access.keys import KeyRing
from center.access.store import AccessStore
from center.access.trials import caller_of, person_mark
from center.access.verification import LEEWAY_SECONDS, verify_assertion, verify_edge_token
from center.identity.audit import record
from center.identity.domain import Application, Edge, digest, new_id, same
from center.identity.store import ApplicationStore, PlaceStore, UserStore
from center.permissions import Actor, ActorKind, Role

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EDGE_SCOPE = "edge"
_LONGEST_REVOCATION = timedelta(hours=24)
_CLOCKS_APART = timedelta(minutes=1)
"""A gateway takes a token a little beyond its expiry, and its clock may be slow."""

Grants = Callable[[Session, str], frozenset[str]]
"""Returns the capabilities that an application may call now, by its client id."""

Refusal = Callable[[Session, str, str], Mapping[str, str]]
"""Says why an application may not call a capability: ``reason`` and ``cure``."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the domain that grants rights answers."""

    granted: Grants
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Minting:
    """What minting a token needs besides its content."""

    keys: KeyRing
    now: datetime
    lifetime: timedelta


def edge_token(session: Session, form: Mapping[str, str], minting: Minting) -> TokenAnswer:
    """Give an edge its token for the center (RFC 6749, RFC 7523).

    Raises:
        UnsupportedGrant: It is another kind of request.
        InvalidClient: The assertion does not verify, or was used before.
    """
    expected = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
    if any(form.get(name) != value for name, value in expected.items()):
        raise UnsupportedGrant("Send grant_type, client_assertion_type and client_assertion.")
    edge = _authenticate_edge(session, form.get("client_assertion", ""), minting.now)
    issued = int(minting.now.timestamp())
    claims = {
        "iss": CENTER_ISSUER,
        "aud": CENTER_ISSUER,
        "sub": edge.id,
        "client_id": edge.id,
        "scope": EDGE_SCOPE,
        "epoch": edge.epoch,
        "jti": new_id("t"),
    }
    return _mint(session, claims, issued, minting)


def find_by_edge_token(session: Session, token: str, now: datetime) -> Actor | None:
    """Return the edge that a bearer token speaks for; None after it enrolled again.

    A revoked edge is known, as one that may do next to nothing.
    """
    keys = AccessStore(session).keys(Purpose.TOKEN)
    published = {key.kid: key.public_jwk for key in keys if key.is_published(now)}
    claims = verify_edge_token(token, lambda header, _: published.get(str(header.get("kid"))), now)
    if claims is None:
        return None
    edge = PlaceStore(session).find_edge(claims.sub)
    if edge is None or edge.epoch != claims.epoch:
        return None
    role = Role.EDGE if edge.revoked_at is None else Role.REVOKED_EDGE
    return Actor(ActorKind.EDGE, edge.id, role, edge.province)


def relay(
    session: Session,
    actor: Actor,
    edge_id: str,
    request: TokenRelay,
    rights: Rights,
    minting: Minting,
) -> TokenAnswer:
    """Mint an access token for a caller of the edge's province.

    Raises:
        NotFound: The edge is not the asker.
        InvalidClient: No active application of the province has this id and secret.
        InvalidScope: A scope cannot be asked for, or there are too many for one token.
        CapabilityNotGranted: A capability asked for is not granted, or none is at all.
    """
    if actor.name != edge_id:
        raise NotFound(f"There is no edge {edge_id}.")
    application, secret_digest = _authenticate_caller(session, actor, request)
    scope = _scope(session, request.scope, application.client_id, rights)
    issued = int(minting.now.timestamp())
    claims = {
        "iss": CENTER_ISSUER,
        "aud": audience(application.province),
        "sub": application.client_id,
        "client_id": application.client_id,
        "scope": scope,
        "credential": credential_mark(secret_digest),
        "jti": new_id("t"),
    }
    return _mint(session, claims, issued, minting)


def capability_token(
    session: Session, application: str, province: str, scope: str, minting: Minting
) -> TokenAnswer:
    """Mint an access token for an application of the platform's own, whose secret nobody has.

    The province serves it for as long as its desired state grants the application the capability.
    """
    claims = {
        "iss": CENTER_ISSUER,
        "aud": audience(province),
        "sub": application,
        "client_id": application,
        "scope": scope,
        "jti": new_id("t"),
    }
    return _mint(session, claims, int(minting.now.timestamp()), minting)


def trial_token(
    session: Session, person: str, province: str, capability: str, calls: int, minting: Minting
) -> tuple[str, TokenAnswer]:
    """Mint a token for a few calls of somebody who tries a capability; return its id as well.

    It falls with the person's account. The province is not told who the person is.
    """
    token_id = new_id("trial")
    claims = {
        "iss": CENTER_ISSUER,
        "aud": audience(province),
        "sub": caller_of(person),
        "client_id": caller_of(person),
        "scope": trial_scope(capability),
        "calls": calls,
        "credential": person_mark(person),
        "jti": token_id,
    }
    return token_id, _mint(session, claims, int(minting.now.timestamp()), minting)


def current_key_set(session: Session, now: datetime) -> KeySet:
    """Return the keys that verify access tokens; desired state and the JWKS carry them."""
    return key_set(AccessStore(session).keys(Purpose.TOKEN), now)


def revoked_tokens(session: Session, province: str, now: datetime) -> list[str]:
    """Return what a province must refuse tokens by: ids, and marks of removed secrets and people.

    Each is told until no gateway takes such a token for valid any more, whatever its clock says.
    """
    since = now - MAX_LIFETIME - _CLOCKS_APART
    removed = ApplicationStore(session).removed_secrets(province, since)
    marks = [credential_mark(secret_digest) for secret_digest in removed]
    people = [person_mark(name) for name in UserStore(session).disabled_since(since)]
    return sorted([*AccessStore(session).revoked(now - _CLOCKS_APART), *marks, *people])


def rotate(
    session: Session,
    actor: Actor,
    keys: KeyRing,
    now: datetime,
    lead: timedelta,
    *,
    leaked: bool = False,
) -> SigningKey:
    """Publish a new token key; it signs after ``lead``, and the old ones verify on for a while.

    Where the old ones ``leaked``, the new one signs at once and whatever they signed is refused.

    Raises:
        RotationUnderWay: A new key is published already and does not sign yet.
    """
    store = AccessStore(session)
    before = store.keys(Purpose.TOKEN, lock=True)
    if not leaked and any(key.active_from > now for key in before):
        raise RotationUnderWay("A new key is published already and signs in a moment.")
    begins = now if leaked else now + lead
    new = keys.make(Purpose.TOKEN, before[0].generation + 1 if before else 1, begins)
    store.add_key(new)
    last = now if leaked else new.active_from + OVERLAP
    for key in before:
        if key.expires_at is None or key.expires_at > last:
            store.expire_key(key.kid, last)
    detail = {"kid": new.kid, "leaked": leaked}
    record(session, actor, "token-key.rotated", "token-keys", detail, at=now)
    return new


def rotate_if_due(
    session: Session, actor: Actor, keys: KeyRing, now: datetime, *, lead: timedelta, age: timedelta
) -> SigningKey | None:
    """Rotate where the key that signs is older than ``age``; return the new one."""
    known = AccessStore(session).keys(Purpose.TOKEN)
    active = signs_now(known, now)
    pending = any(key.active_from > now for key in known)
    if pending or (active is not None and now - active.active_from < age):
        return None
    return rotate(session, actor, keys, now, lead)


def revoke(session: Session, actor: Actor, jti: str, expires_at: datetime, now: datetime) -> None:
    """Have gateways refuse a token until it expires.

    Raises:
        InvalidInput: It is expired, or would live longer than any token.
    """
    if not now < expires_at <= now + _LONGEST_REVOCATION:
        raise InvalidInput("expires_at is the token's own expiry: within the next 24 hours.")
    AccessStore(session).revoke(jti, expires_at)
    record(session, actor, "token.revoked", f"token/{jti}", at=now)


def _mint(
    session: Session, claims: Mapping[str, Any], issued: int, minting: Minting
) -> TokenAnswer:
    life = int(minting.lifetime.total_seconds())
    content = {**claims, "iat": issued, "exp": issued + life}
    token = minting.keys.sign_token(session, content, TOKEN_TYPE, minting.now)
    if len(token) > MAX_TOKEN_BYTES:
        raise InvalidScope("The token would be too large: ask for the scopes that you need now.")
    return TokenAnswer(access_token=token, expires_in=life, scope=content["scope"])


def _authenticate_edge(session: Session, assertion: str, now: datetime) -> Edge:
    places = PlaceStore(session)

    def find_key(_: Mapping[str, Any], claims: Mapping[str, Any]) -> Mapping[str, Any] | None:
        name = claims.get("sub")
        edge = places.find_edge(name) if isinstance(name, str) else None
        return edge.public_key if edge is not None else None

    claims = verify_assertion(assertion, find_key, now)
    edge = places.find_edge(claims.sub) if claims is not None else None
    if claims is None or edge is None:
        raise InvalidClient("The edge could not be authenticated.")
    until = datetime.fromtimestamp(claims.exp + LEEWAY_SECONDS, now.tzinfo)
    AccessStore(session).use_assertion(edge.id, claims.jti, until, now)
    return edge


def _authenticate_caller(
    session: Session, actor: Actor, request: TokenRelay
) -> tuple[Application, str]:
    found = ApplicationStore(session).find(request.client_id)
    given = digest(request.client_secret)
    kept = [secret.digest for secret in found.secrets] if found is not None else []
    # As many comparisons for an unknown client as for one in the middle of a rotation.
    matches = [same(given, known) for known in [*kept, "", ""][:2]]
    if found is None or not any(matches) or not found.is_active or not actor.sees(found.province):
        raise InvalidClient("client_id and client_secret are not those of an active application.")
    return found, given


def _scope(session: Session, asked: str, client_id: str, rights: Rights) -> str:
    granted = rights.granted(session, client_id)
    able = {infer_scope(capability) for capability in granted}
    wanted = asked.split()
    if any(not scope.startswith("infer:") for scope in wanted):
        raise InvalidScope("A scope is `infer:` and the name of a capability.")
    missing = [scope.removeprefix("infer:") for scope in sorted(set(wanted) - able)]
    if missing:
        names, why = ", ".join(missing), rights.refusal(session, client_id, missing[0])
        raise CapabilityNotGranted(
            f"No active subscription covers {names}.",
            reason=why.get("reason"),
            cure=why.get("cure", CapabilityNotGranted.cure),
        )
    if not able:
        raise CapabilityNotGranted("The application has no active subscription.")
    return " ".join(sorted(set(wanted) or able))
