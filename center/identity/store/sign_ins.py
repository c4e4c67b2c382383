"""Sessions of people, and how often somebody failed to open one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import NotFound
from center.columns import Key, Line, UtcDateTime
from center.database import Base
from center.identity.domain import digest
from center.identity.errors import TooManyAttempts


class SessionRow(Base):
    """A person's sign-in."""

    __tablename__ = "sign_in"

    token_digest: Mapped[str] = mapped_column(Key, primary_key=True)
    id: Mapped[str] = mapped_column(Key, server_default="")
    user: Mapped[str] = mapped_column(ForeignKey("user_account.name"), index=True)
    address: Mapped[str] = mapped_column(Key, server_default="")
    agent: Mapped[str] = mapped_column(Line, server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AttemptsRow(Base):
    """Sign-ins of one account or from one address that failed, or are not decided yet."""

    __tablename__ = "sign_in_attempts"

    key: Mapped[str] = mapped_column(Key, primary_key=True)
    failures: Mapped[int] = mapped_column()
    window_ends: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person's session, as its owner sees it.

    Attributes:
        id: Names it to its owner; tells nothing of its token.
        address: Network address that it was opened from.
        agent: What the browser said of itself.
    """

    id: str
    created_at: datetime
    expires_at: datetime
    address: str
    agent: str


class SignInStore:
    """Sessions and failed attempts; the tokens of sessions are kept as digests."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def charge(self, key: str, limit: int, window: timedelta, now: datetime) -> None:
        """Count an attempt before it is decided, so that parallel guesses cannot outrun it.

        Raises:
            TooManyAttempts: The limit of the window is reached.
        """
        row = self._attempts(key, now + window)
        if row.window_ends <= now:
            row.failures, row.window_ends = 0, now + window
        if row.failures >= limit:
            wait = max(1, int((row.window_ends - now).total_seconds()) + 1)
            raise TooManyAttempts(
                f"Too many failed sign-ins; try again in {wait} seconds.",
                headers={"Retry-After": str(wait)},
            )
        row.failures += 1

    def forgive(self, key: str, *, attempts: int | None = None) -> None:
        """Take attempts back that turned out well; all of them with None."""
        row = self._session.get(AttemptsRow, key, with_for_update=True)
        if row is not None:
            row.failures = 0 if attempts is None else max(0, row.failures - attempts)

    def drop_expired(self, now: datetime) -> None:
        """Forget what no longer matters."""
        self._session.execute(delete(AttemptsRow).where(AttemptsRow.window_ends <= now))
        self._session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))

    def open_session(self, token: str, user: str, item: SignIn) -> None:
        """Keep a new session."""
        row = SessionRow(
            id=item.id,
            token_digest=digest(token),
            user=user,
            address=item.address,
            agent=item.agent,
            created_at=item.created_at,
            expires_at=item.expires_at,
        )
        self._session.add(row)

    def sessions(self, user: str, now: datetime) -> list[SignIn]:
        """Return a user's sessions that hold, newest first."""
        row = SessionRow
        mine = select(row).where(row.user == user, row.expires_at > now)
        return [
            SignIn(found.id, found.created_at, found.expires_at, found.address, found.agent)
            for found in self._session.scalars(mine.order_by(row.created_at.desc(), row.id))
        ]

    def find_session_id(self, token: str) -> str | None:
        """Return the id of the session that a token is of."""
        row = self._session.get(SessionRow, digest(token))
        return None if row is None else row.id

    def close_one(self, user: str, session_id: str) -> None:
        """End one of a user's sessions.

        Raises:
            NotFound: The user has none of this id.
        """
        row = SessionRow
        mine = delete(row).where(row.user == user, row.id == session_id)
        if not self._session.execute(mine).rowcount:  # type: ignore[attr-defined]  # a DELETE's result has it
            raise NotFound(f"You have no session {session_id}.")

    def close_others(self, user: str, token: str) -> None:
        """End every session of a user but one."""
        row = SessionRow
        others = delete(row).where(row.user == user, row.token_digest != digest(token))
        self._session.execute(others)

    def find_session_user(self, token: str, now: datetime) -> str | None:
        """Return whose session a token is."""
        row = self._session.get(SessionRow, digest(token))
        return None if row is None or row.expires_at <= now else row.user

    def close_session(self, token: str) -> str | None:
        """End one session; return whose it was."""
        row = self._session.get(SessionRow, digest(token))
        if row is None:
            return None
        self._session.delete(row)
        return row.user

    def close_all(self, user: str) -> None:
        """End every session of a user."""
        self._session.execute(delete(SessionRow).where(SessionRow.user == user))

    def _attempts(self, key: str, window_ends: datetime) -> AttemptsRow:
        row = self._session.get(AttemptsRow, key, with_for_update=True)
        if row is not None:
            return row
        row = AttemptsRow(key=key, failures=0, window_ends=window_ends)
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError:  # another attempt came first
            return self._session.get_one(AttemptsRow, key, with_for_update=True)
        return row
