"""Users and their invitations."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import NotFound
from center.columns import Json, Key, Line, UtcDateTime
from center.database import Base
from center.identity.domain import Grant, User, UserState, digest
from center.identity.errors import CodeRefused, NameTaken
from center.paging import Page, Paging, fetch_page, map_page
from center.permissions import Role


class UserRow(Base):
    """A person's account."""

    __tablename__ = "user_account"

    name: Mapped[str] = mapped_column(Key, primary_key=True)
    role: Mapped[str] = mapped_column(Key, index=True)
    organisation: Mapped[str] = mapped_column(Key, index=True)
    provinces: Mapped[list[str] | None] = mapped_column(Json)
    password_hash: Mapped[str | None] = mapped_column(Line)
    external_id: Mapped[str | None] = mapped_column(Key, unique=True)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class InvitationRow(Base):
    """The one valid way to set a user's password."""

    __tablename__ = "invitation"

    code_digest: Mapped[str] = mapped_column(Key, primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("user_account.name"), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class UsersWanted:
    """Which users are asked for; None asks for all."""

    organisation: str | None = None
    role: Role | None = None


class UserStore:
    """Users, by name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, name: str, grant: Grant, now: datetime, *, external_id: str | None = None
    ) -> User:
        """Add a user who cannot sign in yet, or who does so through the provider.

        Raises:
            NameTaken: There is, or was, a user of this name.
        """
        row = UserRow(
            name=name,
            role=grant.role,
            organisation=grant.organisation,
            provinces=_names(grant.provinces),
            external_id=external_id,
            created_at=now,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            raise NameTaken(f"There is a user {name} already.") from error
        return _user(row)

    def get(self, name: str) -> User:
        """Return a user.

        Raises:
            NotFound: There is none of this name.
        """
        return _user(self._row(name))

    def find_external(self, external_id: str) -> User | None:
        """Return whom the provider knows by an id."""
        row = self._session.scalar(select(UserRow).where(UserRow.external_id == external_id))
        return None if row is None else _user(row)

    def find_with_password(self, name: str) -> tuple[User, str | None] | None:
        """Return a user and the hash of their password."""
        row = self._session.get(UserRow, name)
        return None if row is None else (_user(row), row.password_hash)

    def page(self, wanted: UsersWanted, paging: Paging) -> Page[User]:
        """Return users by name."""
        row = UserRow
        statement = select(row)
        if wanted.organisation is not None:
            statement = statement.where(row.organisation == wanted.organisation)
        if wanted.role is not None:
            statement = statement.where(row.role == wanted.role)
        return map_page(fetch_page(self._session, statement, paging, key=[row.name]), _user)

    def names_of_admins(self) -> list[str]:
        """Return who administers the whole platform and can sign in now, by name."""
        row = UserRow
        able = (row.disabled_at.is_(None), row.password_hash.is_not(None))
        rows = self._session.scalars(select(row).where(row.role == Role.ADMIN, *able))
        return sorted(found.name for found in rows if found.provinces is None)

    def disabled_since(self, moment: datetime) -> list[str]:
        """Return the names of users who were disabled after a moment, and still are."""
        row = UserRow
        return list(self._session.scalars(select(row.name).where(row.disabled_at >= moment)))

    def active(self) -> list[User]:
        """Return everybody who can sign in."""
        rows = self._session.scalars(select(UserRow).order_by(UserRow.name))
        return [user for user in map(_user, rows) if user.state is UserState.ACTIVE]

    def lock_admins(self) -> list[User]:
        """Return every admin, locked, so that two changes cannot each count on the other one."""
        admins = select(UserRow).where(UserRow.role == Role.ADMIN).order_by(UserRow.name)
        rows = self._session.scalars(
            admins.with_for_update().execution_options(populate_existing=True)
        )
        return [_user(row) for row in rows]

    def set_password(self, name: str, password_hash: str | None) -> None:
        """Keep the hash of a new password; None leaves the user without one."""
        self._row(name).password_hash = password_hash

    def set_disabled(self, name: str, at: datetime | None) -> None:
        """Disable a user, or enable them with None."""
        self._row(name).disabled_at = at

    def set_grant(self, name: str, grant: Grant) -> None:
        """Give a user another role, organisation and provinces."""
        row = self._row(name)
        row.role, row.organisation = grant.role, grant.organisation
        row.provinces = _names(grant.provinces)

    def invite(self, name: str, code: str, expires_at: datetime) -> None:
        """Make a code the user's only invitation."""
        for row in self._session.scalars(select(InvitationRow).where(InvitationRow.user == name)):
            self._session.delete(row)
        self._session.flush()
        self._session.add(InvitationRow(code_digest=digest(code), user=name, expires_at=expires_at))
        self._session.flush()

    def drop_invitation(self, name: str) -> None:
        """Make a user's invitation worthless."""
        for row in self._session.scalars(select(InvitationRow).where(InvitationRow.user == name)):
            self._session.delete(row)

    def check_invitation(self, code: str, now: datetime) -> None:
        """Raise `CodeRefused` unless the invitation is open."""
        self._invitation(code, now)

    def use_invitation(self, code: str, now: datetime) -> User:
        """Use an invitation up and return whom it is for.

        Raises:
            CodeRefused: It is unknown, used or expired.
        """
        row = self._invitation(code, now)
        name = row.user
        self._session.delete(row)
        self._session.flush()
        return self.get(name)

    def _invitation(self, code: str, now: datetime) -> InvitationRow:
        row = self._session.get(InvitationRow, digest(code), with_for_update=True)
        if row is None or row.expires_at <= now:
            raise CodeRefused("This invitation is unknown, used or expired: ask for a new one.")
        return row

    def _row(self, name: str) -> UserRow:
        row = self._session.get(UserRow, name)
        if row is None:
            raise NotFound(f"There is no user {name}.")
        return row


def _user(row: UserRow) -> User:
    if row.disabled_at is not None:
        state = UserState.DISABLED
    else:
        is_known = row.password_hash is not None or row.external_id is not None
        state = UserState.ACTIVE if is_known else UserState.INVITED
    provinces = None if row.provinces is None else frozenset(row.provinces)
    return User(
        name=row.name,
        role=Role(row.role),
        organisation=row.organisation,
        state=state,
        created_at=row.created_at,
        provinces=provinces,
        is_external=row.external_id is not None,
    )


def _names(provinces: frozenset[str] | None) -> list[str] | None:
    return None if provinces is None else sorted(provinces)
