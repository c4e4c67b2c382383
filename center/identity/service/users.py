"""Inviting people, and deciding what they may do."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import Conflict, InvalidInput, NotFound
from center.database import Database
from center.identity import passwords
from center.identity.audit import record
from center.identity.domain import Grant, User, UserState, new_secret, require_sense
from center.identity.errors import LastAdmin, NameTaken, ProvidersAccount
from center.identity.service.organisations import headquarters
from center.identity.store import (
    ApiTokenStore,
    OrganisationStore,
    PlaceStore,
    SignInStore,
    UserStore,
)
from center.permissions import CENTER, Actor, ActorKind, Role


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that lets its holder set the user's password, once."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewUser:
    """Whom to invite."""

    name: str
    grant: Grant


def invite(
    session: Session, actor: Actor, new: NewUser, now: datetime, lifetime: timedelta
) -> tuple[User, Invitation]:
    """Add a user and return the invitation that they set their password with.

    Raises:
        InvalidInput: The role means nothing in the organisation.
        NotFound: There is no such organisation, or no such province.
        NameTaken: There is such a user.
    """
    require_grant(session, new.grant)
    user = UserStore(session).add(new.name, new.grant, now)
    invitation = _invite(session, user.name, now, lifetime)
    detail = describe_grant(new.grant)
    record(session, actor, "user.invited", f"user/{user.name}", detail, at=now)
    return user, invitation


def disable(session: Session, actor: Actor, name: str, now: datetime) -> User:
    """Keep a user out: sessions and API tokens end at once.

    Raises:
        LastAdmin: Nobody could administer the platform afterwards.
    """
    users = UserStore(session)
    _require_other_admin(users, name)
    if users.get(name).state is UserState.DISABLED:
        raise Conflict(f"{name} is disabled already.")
    users.set_disabled(name, now)
    users.drop_invitation(name)
    end_credentials(session, name)
    record(session, actor, "user.disabled", f"user/{name}", at=now)
    return users.get(name)


def enable(session: Session, actor: Actor, name: str, now: datetime) -> User:
    """Let a disabled user in again."""
    users = UserStore(session)
    if users.get(name).state is not UserState.DISABLED:
        raise Conflict(f"{name} is not disabled.")
    users.set_disabled(name, None)
    record(session, actor, "user.enabled", f"user/{name}", at=now)
    return users.get(name)


def reset(
    session: Session, actor: Actor, name: str, now: datetime, lifetime: timedelta
) -> tuple[User, Invitation]:
    """End a user's password, sessions and API tokens, and invite them anew.

    Raises:
        LastAdmin: Nobody could administer the platform until the invitation is accepted.
    """
    users = UserStore(session)
    _require_other_admin(users, name)
    if users.get(name).state is UserState.DISABLED:
        raise Conflict(f"{name} is disabled: enable the account first.")
    _require_local(users.get(name))
    users.set_password(name, None)
    end_credentials(session, name)
    invitation = _invite(session, name, now, lifetime)
    record(session, actor, "user.reset", f"user/{name}", at=now)
    return users.get(name), invitation


def change_role(session: Session, actor: Actor, change: NewUser, now: datetime) -> User:
    """Give a user another role, organisation or provinces; it holds from their next request.

    Raises:
        InvalidInput: The role means nothing in the organisation.
        NotFound: There is no such organisation, or no such province.
        LastAdmin: Nobody could administer the platform afterwards.
    """
    users = UserStore(session)
    grant = change.grant
    require_grant(session, grant)
    if grant.role is not Role.ADMIN or grant.provinces is not None:
        _require_other_admin(users, change.name)
    before = users.get(change.name)
    _require_local(before)
    users.set_grant(change.name, grant)
    detail = {"from": describe_grant(before.grant), "to": describe_grant(grant)}
    record(session, actor, "user.role-changed", f"user/{change.name}", detail, at=now)
    return users.get(change.name)


def accept(database: Database, code: str, password: str, now: datetime) -> User:
    """Set a password by an invitation; the slow hash holds no transaction.

    Raises:
        CodeRefused: The code is unknown, used or expired.
        InvalidInput: The password is the name.
    """
    with database.session() as session:
        UserStore(session).check_invitation(code, now)
    password_hash = passwords.hash_password(password)
    with database.session() as session:
        users = UserStore(session)
        user = users.use_invitation(code, now)
        if password.casefold() == user.name.casefold():
            raise InvalidInput("The password must not be the name.")
        users.set_password(user.name, password_hash)
        actor = user.as_actor(ActorKind.PERSON)
        record(session, actor, "invitation.accepted", f"user/{user.name}", at=now)
        return users.get(user.name)


def create_first_admin(database: Database, name: str, password: str, now: datetime) -> User:
    """Add the admin that a new platform begins with.

    Raises:
        Conflict: There is an active admin, who can invite others.
        NameTaken: There is a user of this name.
    """
    password_hash = passwords.hash_password(password)
    with database.session() as session:
        users = UserStore(session)
        if any(admin.is_active_admin for admin in users.lock_admins()):
            raise Conflict("There is an active admin already: ask them for an invitation.")
        _ensure_headquarters(session, now)
        users.add(name, Grant(Role.ADMIN, CENTER), now)
        users.set_password(name, password_hash)
        actor = Actor(ActorKind.PERSON, name, Role.ADMIN, CENTER)
        record(session, actor, "admin.created", f"user/{name}", {"by": "command"}, at=now)
        return users.get(name)


def _invite(session: Session, name: str, now: datetime, lifetime: timedelta) -> Invitation:
    invitation = Invitation(new_secret(), now + lifetime)
    UserStore(session).invite(name, invitation.code, invitation.expires_at)
    return invitation


def _require_local(user: User) -> None:
    if user.is_external:
        raise ProvidersAccount(f"{user.name} signs in through the provider: change it there.")


def require_grant(session: Session, grant: Grant) -> None:
    """Refuse a grant that cannot be.

    Raises:
        InvalidInput: The role means nothing in the organisation.
        NotFound: There is no such organisation, or no such province.
    """
    organisation = OrganisationStore(session).get(grant.organisation)
    require_sense(grant, organisation.kind)
    unknown = (grant.provinces or frozenset()) - set(PlaceStore(session).names())
    if unknown:
        raise NotFound(f"There is no province {min(unknown)}.")


def end_credentials(session: Session, name: str) -> None:
    """End every session and API token of a user."""
    SignInStore(session).close_all(name)
    ApiTokenStore(session).drop_all(name)


def _ensure_headquarters(session: Session, now: datetime) -> None:
    with suppress(NameTaken):
        OrganisationStore(session).add(headquarters(now))


def describe_grant(grant: Grant) -> dict[str, object]:
    """Return a grant as the trail tells of it."""
    told: dict[str, object] = {"role": grant.role, "organisation": grant.organisation}
    if grant.provinces is not None:
        told["provinces"] = sorted(grant.provinces)
    return told


def _require_other_admin(users: UserStore, name: str) -> None:
    active = [admin.name for admin in users.lock_admins() if admin.is_active_admin]
    if active == [name]:
        raise LastAdmin(f"{name} is the last active admin: invite another one first.")
