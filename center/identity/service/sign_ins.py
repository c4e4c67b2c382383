"""Signing in and out, and finding out who asks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from center.database import Database
from center.identity import passwords
from center.identity.domain import API_TOKEN_PREFIX, User, UserState, new_id, new_secret
from center.identity.errors import SignInRefused
from center.identity.store import SignInStore, UserStore
from center.identity.store.sign_ins import ApiToken
from center.permissions import Actor, ActorKind


@dataclass(frozen=True, slots=True)
class Limits:
    """How many sign-ins may fail, and how long one that succeeds lasts."""

    per_account: int
    per_address: int
    window: timedelta
    session_lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody's try to sign in."""

    name: str
    password: str
    address: str


def sign_in(
    database: Database, attempt: Attempt, limits: Limits, now: datetime
) -> tuple[User, str]:
    """Return the user and the token of a new session.

    The attempt is counted in a transaction of its own before the password is looked at, so that
    neither a failure nor a parallel guess goes uncounted; the slow hash holds no transaction.

    Raises:
        TooManyAttempts: The account or the address has failed too often.
        SignInRefused: Name and password do not belong together, or the user is disabled.
    """
    account, address = f"account:{attempt.name}", f"address:{attempt.address}"
    with database.session() as session:
        store = SignInStore(session)
        store.drop_expired(now)
        store.charge(account, limits.per_account, limits.window, now)
        store.charge(address, limits.per_address, limits.window, now)
    with database.session(write=False) as session:
        found = UserStore(session).find_with_password(attempt.name)
    kept = found[1] if found is not None else None
    matches = passwords.verify_password(kept, attempt.password)
    if not matches or found is None or found[0].state is not UserState.ACTIVE:
        raise SignInRefused("Name or password is wrong, or the account may not sign in.")
    with database.session() as session:
        user, still_kept = UserStore(session).find_with_password(attempt.name) or found
        if user.state is not UserState.ACTIVE or still_kept != kept:
            raise SignInRefused("Name or password is wrong, or the account may not sign in.")
        store = SignInStore(session)
        store.forgive(account)
        store.forgive(address, attempts=1)
        token = new_secret()
        store.open_session(token, user.name, now, now + limits.session_lifetime)
    return user, token


def sign_out(session: Session, token: str) -> None:
    """End a session."""
    SignInStore(session).close_session(token)


def find_by_session(session: Session, token: str, now: datetime) -> Actor | None:
    """Return whose session a cookie is."""
    name = SignInStore(session).find_session_user(token, now)
    return _actor(session, name, ActorKind.PERSON)


def find_by_api_token(session: Session, token: str) -> Actor | None:
    """Return whom an API token acts for."""
    name = SignInStore(session).find_token_user(token)
    return _actor(session, name, ActorKind.API_TOKEN)


def make_api_token(session: Session, actor: Actor, label: str, now: datetime) -> tuple[str, str]:
    """Return id and secret of a new API token that acts for the asker."""
    token = API_TOKEN_PREFIX + new_secret()
    item = ApiToken(new_id("token"), actor.name, label, now)
    SignInStore(session).add_api_token(item, token)
    return item.id, token


def _actor(session: Session, name: str | None, kind: ActorKind) -> Actor | None:
    found = UserStore(session).find_with_password(name) if name is not None else None
    if found is None or found[0].state is not UserState.ACTIVE:
        return None
    return found[0].as_actor(kind)
