"""Organisations: headquarters, provinces and vendors."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import NotFound
from center.columns import Key, Line, UtcDateTime
from center.database import Base
from center.identity.domain import Organisation, OrganisationKind
from center.identity.errors import NameTaken
from center.paging import Page, Paging, fetch_page, map_page


class OrganisationRow(Base):
    """Whom people and applications belong to; a province's has the province's name."""

    __tablename__ = "organisation"

    name: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(Key, index=True)
    title_zh: Mapped[str] = mapped_column(Line)
    title_en: Mapped[str] = mapped_column(Line)
    cost_centre: Mapped[str | None] = mapped_column(Key)
    revision: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class OrganisationsWanted:
    """Which organisations are asked for; None asks for all."""

    kind: OrganisationKind | None = None
    cost_centre: str | None = None


class OrganisationStore:
    """Organisations, by name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: Organisation) -> None:
        """Add an organisation.

        Raises:
            NameTaken: There is one of this name.
        """
        row = OrganisationRow(
            name=item.name,
            kind=item.kind,
            title_zh=item.title_zh,
            title_en=item.title_en,
            cost_centre=item.cost_centre,
            revision=item.revision,
            created_at=item.created_at,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            raise NameTaken(f"There is an organisation {item.name} already.") from error

    def get(self, name: str, *, lock: bool = False) -> Organisation:
        """Return an organisation, locked until the transaction ends if asked.

        Raises:
            NotFound: There is none of this name.
        """
        row = self._session.get(OrganisationRow, name, with_for_update=lock or None)
        if row is None:
            raise NotFound(f"There is no organisation {name}.")
        return _organisation(row)

    def put(self, item: Organisation) -> None:
        """Keep an organisation that is locked."""
        row = self._session.get_one(OrganisationRow, item.name)
        row.title_zh, row.title_en = item.title_zh, item.title_en
        row.cost_centre, row.revision = item.cost_centre, item.revision

    def page(self, wanted: OrganisationsWanted, paging: Paging) -> Page[Organisation]:
        """Return organisations by name."""
        row = OrganisationRow
        statement = select(row)
        if wanted.kind is not None:
            statement = statement.where(row.kind == wanted.kind)
        if wanted.cost_centre is not None:
            statement = statement.where(row.cost_centre == wanted.cost_centre)
        return map_page(fetch_page(self._session, statement, paging, key=[row.name]), _organisation)

    def cost_centres(self, names: Collection[str]) -> dict[str, str]:
        """Return what the usage of organisations is booked on, of those that have it."""
        row = OrganisationRow
        statement = select(row.name, row.cost_centre).where(
            row.name.in_(sorted(names)), row.cost_centre.is_not(None)
        )
        return {name: centre for name, centre in self._session.execute(statement) if centre}


def _organisation(row: OrganisationRow) -> Organisation:
    return Organisation(
        name=row.name,
        kind=OrganisationKind(row.kind),
        title_zh=row.title_zh,
        title_en=row.title_en,
        created_at=row.created_at,
        cost_centre=row.cost_centre,
        revision=row.revision,
    )
