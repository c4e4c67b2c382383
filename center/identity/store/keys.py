"""The public keys that authors sign packages with."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import NotFound
from center.columns import Key, LongText, UtcDateTime
from center.database import Base
from center.identity.domain import AuthorKey
from center.identity.errors import NameTaken
from center.paging import Page, Paging, fetch_page, map_page


class AuthorKeyRow(Base):
    """A registered public key; its id is the SHA-256 of its DER form."""

    __tablename__ = "author_key"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    owner: Mapped[str] = mapped_column(ForeignKey("user_account.name"), index=True)
    public_key_pem: Mapped[str] = mapped_column(LongText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuthorKeyStore:
    """Public keys of authors."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: AuthorKey) -> None:
        """Register a key.

        Raises:
            NameTaken: Somebody has registered this key already.
        """
        row = AuthorKeyRow(
            id=item.id,
            owner=item.owner,
            public_key_pem=item.public_key_pem,
            created_at=item.created_at,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            raise NameTaken("This key is registered already.") from error

    def get(self, key_id: str) -> AuthorKey:
        """Return a key.

        Raises:
            NotFound: There is none of this id.
        """
        row = self._session.get(AuthorKeyRow, key_id)
        if row is None:
            raise NotFound(f"There is no signing key {key_id}.")
        return _key(row)

    def withdraw(self, key_id: str, at: datetime) -> None:
        """Take nothing more that the key signed."""
        self._session.get_one(AuthorKeyRow, key_id).withdrawn_at = at

    def is_withdrawn(self, public_key_pem: str) -> bool:
        """Tell whether a key was withdrawn."""
        row = AuthorKeyRow
        statement = select(row.id).where(
            row.public_key_pem == public_key_pem, row.withdrawn_at.is_not(None)
        )
        return self._session.scalar(statement.limit(1)) is not None

    def of(self, owner: str) -> list[AuthorKey]:
        """Return the keys that an author may sign with, newest first."""
        mine = select(AuthorKeyRow).where(
            AuthorKeyRow.owner == owner, AuthorKeyRow.withdrawn_at.is_(None)
        )
        newest = mine.order_by(AuthorKeyRow.created_at.desc(), AuthorKeyRow.id)
        return [_key(row) for row in self._session.scalars(newest)]

    def page(self, owner: str, paging: Paging) -> Page[AuthorKey]:
        """Return a page of an author's keys."""
        mine = select(AuthorKeyRow).where(AuthorKeyRow.owner == owner)
        key = [AuthorKeyRow.created_at, AuthorKeyRow.id]
        return map_page(fetch_page(self._session, mine, paging, key=key), _key)


def _key(row: AuthorKeyRow) -> AuthorKey:
    return AuthorKey(row.id, row.owner, row.public_key_pem, row.created_at, row.withdrawn_at)
