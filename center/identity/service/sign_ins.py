"""Signing in and out, and finding out who asks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import InvalidInput
from center.database import Database
from center.identity import passwords
from center.identity.audit import record
from center.identity.domain import User, UserState, new_id, new_secret
from center.identity.errors import SignInRefused
from center.identity.store import SignInStore, UserStore
from center.identity.store.sign_ins import SignIn
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
    agent: str = ""


@dataclass(frozen=True, slots=True)
class NewPassword:
    """Somebody's change of their own password.

    Attributes:
        session_token: Of the session that stays.
    """

    user: str
    present: str
    new: str
    session_token: str


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
        token = open_session(session, user, attempt.address, attempt.agent, limits, now)
    return user, token


def open_session(
    session: Session, user: User, address: str, agent: str, limits: Limits, now: datetime
) -> str:
    """Open a session for somebody who is known; return its token."""
    token = new_secret()
    until = now + limits.session_lifetime
    item = SignIn(new_id("session"), now, until, address[:100], agent[:500])
    SignInStore(session).open_session(token, user.name, item)
    return token


def sign_out(session: Session, token: str) -> bool:
    """End a session; tell whether it was opened through the provider."""
    store = SignInStore(session)
    name = store.close_session(token)
    return name is not None and UserStore(session).get(name).is_external


def find_by_session(session: Session, token: str, now: datetime) -> Actor | None:
    """Return whose session a cookie is."""
    name = SignInStore(session).find_session_user(token, now)
    found = UserStore(session).find_with_password(name) if name is not None else None
    if found is None or found[0].state is not UserState.ACTIVE:
        return None
    return found[0].as_actor(ActorKind.PERSON)


def change_password(database: Database, change: NewPassword, limits: Limits, now: datetime) -> None:
    """Set another password, for whoever knows the present one; every other session ends.

    Raises:
        TooManyAttempts: The account has failed too often.
        SignInRefused: The present password is another.
        InvalidInput: The new one is the name.
    """
    if change.new.casefold() == change.user.casefold():
        raise InvalidInput("The password must not be the name.")
    with database.session() as session:
        SignInStore(session).charge(
            f"account:{change.user}", limits.per_account, limits.window, now
        )
    with database.session(write=False) as session:
        found = UserStore(session).find_with_password(change.user)
    kept = found[1] if found is not None else None
    if not passwords.verify_password(kept, change.present):
        raise SignInRefused("The present password is another.")
    password_hash = passwords.hash_password(change.new)
    with database.session() as session:
        users, store = UserStore(session), SignInStore(session)
        users.set_password(change.user, password_hash)
        store.forgive(f"account:{change.user}")
        store.close_others(change.user, change.session_token)
        actor = users.get(change.user).as_actor(ActorKind.PERSON)
        record(session, actor, "password.changed", f"user/{change.user}", at=now)
