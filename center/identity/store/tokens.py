"""API tokens: what they may, how long, and when they were used last."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import NotFound
from center.columns import Json, Key, Line, UtcDateTime
from center.database import Base
from center.identity.domain import ApiToken, digest
from center.paging import Page, Paging, fetch_page, map_page
from center.permissions import Permission

USE_NOTED_EVERY = timedelta(minutes=15)
"""How exactly the last use is kept: a write for each request would cost more than it tells."""


class ApiTokenRow(Base):
    """A token that acts for its user."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("user_account.name"), index=True)
    label: Mapped[str] = mapped_column(Line)
    token_digest: Mapped[str] = mapped_column(Key, unique=True)
    scopes: Mapped[list[str] | None] = mapped_column(Json)
    provinces: Mapped[list[str] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiTokenStore:
    """API tokens; their secrets are kept as digests."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: ApiToken, token: str) -> None:
        """Keep a new API token."""
        self._session.add(
            ApiTokenRow(
                id=item.id,
                user=item.user,
                label=item.label,
                token_digest=digest(token),
                scopes=_sorted(item.scopes),
                provinces=_sorted(item.provinces),
                created_at=item.created_at,
                expires_at=item.expires_at,
            )
        )

    def find_presented(self, token: str) -> ApiToken | None:
        """Return the API token that somebody holds, also an expired one."""
        row = self._session.scalar(
            select(ApiTokenRow).where(ApiTokenRow.token_digest == digest(token))
        )
        return None if row is None else _token(row)

    def page(self, paging: Paging, *, user: str | None = None) -> Page[ApiToken]:
        """Return API tokens, oldest first; a user's where one is given."""
        row = ApiTokenRow
        statement = select(row) if user is None else select(row).where(row.user == user)
        return map_page(
            fetch_page(self._session, statement, paging, key=[row.created_at, row.id]), _token
        )

    def note_use(self, token_id: str, now: datetime) -> None:
        """Keep that a token was used, unless a use of these minutes is kept."""
        row = ApiTokenRow
        stale = or_(row.last_used_at.is_(None), row.last_used_at <= now - USE_NOTED_EVERY)
        self._session.execute(update(row).where(row.id == token_id, stale).values(last_used_at=now))

    def drop(self, token_id: str, *, user: str | None = None) -> ApiToken:
        """End one API token; only a user's where one is given.

        Raises:
            NotFound: There is none of this id.
        """
        row = self._session.get(ApiTokenRow, token_id)
        if row is None or user not in (None, row.user):
            raise NotFound(f"There is no API token {token_id}.")
        self._session.delete(row)
        return _token(row)

    def drop_all(self, user: str) -> None:
        """End every API token of a user."""
        self._session.execute(delete(ApiTokenRow).where(ApiTokenRow.user == user))


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _token(row: ApiTokenRow) -> ApiToken:
    return ApiToken(
        id=row.id,
        user=row.user,
        label=row.label,
        created_at=row.created_at,
        expires_at=row.expires_at,
        # A right that a later release does not know any more is worth nothing.
        scopes=None if row.scopes is None else frozenset(Permission) & frozenset(row.scopes),
        provinces=None if row.provinces is None else frozenset(row.provinces),
        last_used_at=row.last_used_at,
    )
