"""What somebody is known by: sessions, API tokens; and how often they failed to be."""

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
from center.paging import Page, Paging, fetch_page, map_page


class SessionRow(Base):
    """A person's sign-in."""

    __tablename__ = "sign_in"

    token_digest: Mapped[str] = mapped_column(Key, primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("user_account.name"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ApiTokenRow(Base):
    """A token that acts for its user."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("user_account.name"), index=True)
    label: Mapped[str] = mapped_column(Line)
    token_digest: Mapped[str] = mapped_column(Key, unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AttemptsRow(Base):
    """Sign-ins of one account or from one address that failed, or are not decided yet."""

    __tablename__ = "sign_in_attempts"

    key: Mapped[str] = mapped_column(Key, primary_key=True)
    failures: Mapped[int] = mapped_column()
    window_ends: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token without its secret."""

    id: str
    user: str
    label: str
    created_at: datetime


class SignInStore:
    """Sessions, API tokens and failed attempts; secrets are kept as digests."""

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

    def open_session(self, token: str, user: str, now: datetime, expires_at: datetime) -> None:
        """Keep a new session."""
        row = SessionRow(
            token_digest=digest(token), user=user, created_at=now, expires_at=expires_at
        )
        self._session.add(row)

    def find_session_user(self, token: str, now: datetime) -> str | None:
        """Return whose session a token is."""
        row = self._session.get(SessionRow, digest(token))
        return None if row is None or row.expires_at <= now else row.user

    def close_session(self, token: str) -> None:
        """End one session."""
        self._session.execute(delete(SessionRow).where(SessionRow.token_digest == digest(token)))

    def close_all(self, user: str) -> None:
        """End every session and API token of a user."""
        self._session.execute(delete(SessionRow).where(SessionRow.user == user))
        self._session.execute(delete(ApiTokenRow).where(ApiTokenRow.user == user))

    def add_api_token(self, item: ApiToken, token: str) -> None:
        """Keep a new API token."""
        self._session.add(
            ApiTokenRow(
                id=item.id,
                user=item.user,
                label=item.label,
                token_digest=digest(token),
                created_at=item.created_at,
            )
        )

    def find_token_user(self, token: str) -> str | None:
        """Return whom an API token acts for."""
        return self._session.scalar(
            select(ApiTokenRow.user).where(ApiTokenRow.token_digest == digest(token))
        )

    def page_api_tokens(self, user: str, paging: Paging) -> Page[ApiToken]:
        """Return a user's API tokens."""
        mine = select(ApiTokenRow).where(ApiTokenRow.user == user)
        return map_page(
            fetch_page(self._session, mine, paging, key=[ApiTokenRow.created_at, ApiTokenRow.id]),
            lambda row: ApiToken(row.id, row.user, row.label, row.created_at),
        )

    def drop_api_token(self, token_id: str, user: str) -> None:
        """End one API token.

        Raises:
            NotFound: The user has none of this id.
        """
        row = self._session.get(ApiTokenRow, token_id)
        if row is None or row.user != user:
            raise NotFound(f"You have no API token {token_id}.")
        self._session.delete(row)

    def drop_presented_token(self, token: str) -> None:
        """End the API token that somebody holds."""
        self._session.execute(delete(ApiTokenRow).where(ApiTokenRow.token_digest == digest(token)))

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
