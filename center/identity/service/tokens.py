"""API tokens: made by a person, shown once, and worth no more than they were made for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import NotFound, NotPermitted
from center.identity.audit import record
from center.identity.domain import API_TOKEN_PREFIX, ApiToken, UserState, new_id, new_secret
from center.identity.store import ApiTokenStore, PlaceStore, UserStore
from center.identity.store.tokens import USE_NOTED_EVERY
from center.permissions import Actor, ActorKind, Permission


@dataclass(frozen=True, slots=True)
class NewToken:
    """What an API token is for.

    Attributes:
        scopes: None for all rights of its owner.
        provinces: None for all that its owner sees.
    """

    label: str
    lifetime: timedelta
    scopes: frozenset[Permission] | None = None
    provinces: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token acts for.

    Attributes:
        unnoted: Its id where this use is to be kept; None where one of these minutes is.
    """

    actor: Actor
    unnoted: str | None


def make(session: Session, actor: Actor, new: NewToken, now: datetime) -> tuple[ApiToken, str]:
    """Return a new API token of the asker, and its secret.

    Raises:
        NotPermitted: No person asks, or for more than they may themselves.
        NotFound: There is no such province.
    """
    if actor.kind is not ActorKind.PERSON:
        raise NotPermitted("Sign in to do this; an API token cannot.")
    excess = (new.scopes or frozenset()) - actor.permissions
    if excess:
        raise NotPermitted(f"You may not {', '.join(sorted(excess))} yourself.")
    _require_provinces(session, actor, new.provinces or frozenset())
    secret = API_TOKEN_PREFIX + new_secret()
    item = ApiToken(
        id=new_id("token"),
        user=actor.name,
        label=new.label,
        created_at=now,
        expires_at=now + new.lifetime,
        scopes=new.scopes,
        provinces=new.provinces,
    )
    ApiTokenStore(session).add(item, secret)
    detail = {
        "label": item.label,
        "scopes": None if item.scopes is None else sorted(item.scopes),
        "provinces": None if item.provinces is None else sorted(item.provinces),
        "expires_at": (now + new.lifetime).isoformat(),
    }
    record(session, actor, "api-token.made", f"api-token/{item.id}", detail, at=now)
    return item, secret


def find_holder(session: Session, secret: str, now: datetime) -> Holder | None:
    """Return whom an API token acts for, unless it is unknown, expired, or its owner is out."""
    store = ApiTokenStore(session)
    item = store.find_presented(secret)
    if item is None or (item.expires_at is not None and item.expires_at <= now):
        return None
    owner = UserStore(session).get(item.user)
    if owner.state is not UserState.ACTIVE:
        return None
    used = item.last_used_at
    fresh = used is not None and used > now - USE_NOTED_EVERY
    return Holder(item.actor_of(owner), None if fresh else item.id)


def revoke(
    session: Session, actor: Actor, token_id: str, now: datetime, *, of_anybody: bool = False
) -> None:
    """End an API token: one's own, or anybody's.

    Raises:
        NotFound: There is none of this id, or it is somebody else's.
    """
    item = ApiTokenStore(session).drop(token_id, user=None if of_anybody else actor.name)
    detail = {"label": item.label, "owner": item.user}
    record(session, actor, "api-token.revoked", f"api-token/{token_id}", detail, at=now)


def revoke_presented(session: Session, actor: Actor, secret: str, now: datetime) -> None:
    """End the API token that a request came with.

    Raises:
        NotFound: It came with none.
    """
    item = ApiTokenStore(session).find_presented(secret)
    if actor.kind is not ActorKind.API_TOKEN or item is None:
        raise NotFound("This request came with a session, not with an API token.")
    revoke(session, actor, item.id, now)


def _require_provinces(session: Session, actor: Actor, provinces: frozenset[str]) -> None:
    for province in sorted(provinces):
        actor.require_province(province)
    unknown = provinces - set(PlaceStore(session).names())
    if unknown:
        raise NotFound(f"There is no province {min(unknown)}.")
