"""Calling systems and their secrets."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Select, UniqueConstraint, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import NotFound
from capability_sdk.contracts.state import ApplicationState
from center.columns import Key, UtcDateTime
from center.database import Base
from center.identity.domain import Application, Secret
from center.identity.errors import NameTaken
from center.paging import Page, Paging, fetch_page


class ApplicationRow(Base):
    """A calling system of a province."""

    __tablename__ = "application"
    __table_args__ = (UniqueConstraint("province", "name"),)

    client_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(Key)
    province: Mapped[str] = mapped_column(ForeignKey("province.name"))
    organisation: Mapped[str] = mapped_column(Key)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApplicationSecretRow(Base):
    """One secret, as its digest; a removed one is known until no token of it can be valid."""

    __tablename__ = "application_secret"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("application.client_id"), index=True)
    digest: Mapped[str] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class ApplicationStore:
    """Applications, by client id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: Application) -> None:
        """Add an application with its secrets.

        Raises:
            NameTaken: The province has one of this name.
        """
        row = ApplicationRow(
            client_id=item.client_id,
            name=item.name,
            province=item.province,
            organisation=item.organisation,
            created_at=item.created_at,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            raise NameTaken(f"{item.province} has an application {item.name} already.") from error
        for secret in item.secrets:
            self.add_secret(item.client_id, secret)

    def find(self, client_id: str) -> Application | None:
        """Return an application and its secrets, whatever text the id is."""
        if "\x00" in client_id:  # PostgreSQL compares no such text
            return None
        row = self._session.get(ApplicationRow, client_id)
        return None if row is None else self._with_secrets([row])[0]

    def find_by_name(self, province: str, name: str) -> str | None:
        """Return the client id of a province's application."""
        row = ApplicationRow
        return self._session.scalar(
            select(row.client_id).where(row.province == province, row.name == name)
        )

    def get(self, client_id: str, *, lock: bool = False) -> Application:
        """Return an application, locked until the transaction ends if asked.

        Raises:
            NotFound: There is none of this id.
        """
        row = self._session.get(ApplicationRow, client_id, with_for_update=lock or None)
        if row is None:
            raise NotFound(f"There is no application {client_id}.")
        return self._with_secrets([row])[0]

    def page(
        self, paging: Paging, *, provinces: Collection[str] | None = None
    ) -> Page[Application]:
        """Return applications by name; of certain provinces where they are given."""
        statement = select(ApplicationRow)
        if provinces is not None:
            statement = statement.where(ApplicationRow.province.in_(sorted(provinces)))
        page = fetch_page(
            self._session, statement, paging, key=[ApplicationRow.name, ApplicationRow.client_id]
        )
        items = self._with_secrets(page.items)
        return Page.model_construct(items=items, next=page.next, total=page.total)

    def states(self, province: str) -> list[ApplicationState]:
        """Return a province's applications as desired state carries them, by client id."""
        statement = select(ApplicationRow).where(ApplicationRow.province == province)
        rows = self._session.scalars(statement.order_by(ApplicationRow.client_id)).all()
        return [
            ApplicationState(
                client_id=item.client_id,
                name=item.name,
                organisation=item.organisation,
                active=item.is_active,
                secret_hashes=[secret.digest for secret in item.secrets],
            )
            for item in self._with_secrets(rows)
        ]

    def set_suspended(self, client_id: str, at: datetime | None) -> None:
        """Suspend an application, or resume it with None."""
        self._session.get_one(ApplicationRow, client_id).suspended_at = at

    def revoke(self, client_id: str, at: datetime) -> None:
        """End an application for good, and its secrets with it."""
        row = self._session.get_one(ApplicationRow, client_id)
        row.revoked_at, row.suspended_at = at, row.suspended_at or at
        held = _held_by([client_id])
        for secret in self._session.scalars(held):
            secret.removed_at = at
        self._session.flush()

    def add_secret(self, client_id: str, secret: Secret) -> None:
        """Keep a secret's digest."""
        self._session.add(
            ApplicationSecretRow(
                id=secret.id,
                client_id=client_id,
                digest=secret.digest,
                created_at=secret.created_at,
            )
        )
        self._session.flush()

    def drop_secret(self, client_id: str, secret_id: str, at: datetime) -> None:
        """Make a secret worthless.

        Raises:
            NotFound: The application has none of this id.
        """
        row = self._session.get(ApplicationSecretRow, secret_id)
        if row is None or row.client_id != client_id or row.removed_at is not None:
            raise NotFound(f"Application {client_id} has no secret {secret_id}.")
        row.removed_at = at
        self._session.flush()

    def removed_secrets(self, province: str, since: datetime) -> list[str]:
        """Return the digests of a province's secrets that were removed lately, sorted."""
        secret, application = ApplicationSecretRow, ApplicationRow
        statement = (
            select(secret.digest)
            .join(application, application.client_id == secret.client_id)
            .where(application.province == province, secret.removed_at > since)
        )
        return list(self._session.scalars(statement.order_by(secret.digest)))

    def forget_removed(self, before: datetime) -> None:
        """Throw away the secrets that were removed before a moment."""
        self._session.execute(
            delete(ApplicationSecretRow).where(ApplicationSecretRow.removed_at < before)
        )

    def _with_secrets(self, rows: Sequence[ApplicationRow]) -> list[Application]:
        table = ApplicationSecretRow
        secrets: dict[str, list[Secret]] = defaultdict(list)
        wanted = _held_by([row.client_id for row in rows])
        for secret in self._session.scalars(wanted.order_by(table.created_at, table.id)):
            secrets[secret.client_id].append(Secret(secret.id, secret.digest, secret.created_at))
        return [_application(row, tuple(secrets[row.client_id])) for row in rows]


def _held_by(client_ids: Sequence[str]) -> Select[ApplicationSecretRow]:
    row = ApplicationSecretRow
    return select(row).where(row.client_id.in_(client_ids), row.removed_at.is_(None))


def _application(row: ApplicationRow, secrets: tuple[Secret, ...]) -> Application:
    return Application(
        row.client_id,
        row.name,
        row.province,
        row.organisation,
        is_active=row.suspended_at is None,
        created_at=row.created_at,
        secrets=secrets,
        is_revoked=row.revoked_at is not None,
    )
