"""Provinces, enrolment codes and edges."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, false, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.enrolment import ProvinceKind
from capability_sdk.contracts.errors import NotFound
from center.columns import Json, Key, Line, UtcDateTime
from center.database import Base
from center.identity.domain import Edge, Province, digest
from center.identity.errors import CodeRefused, NameTaken
from center.paging import Page, Paging, fetch_page, map_page


class ProvinceRow(Base):
    """A tenant."""

    __tablename__ = "province"

    name: Mapped[str] = mapped_column(Key, primary_key=True)
    title_zh: Mapped[str] = mapped_column(Line)
    title_en: Mapped[str] = mapped_column(Line)
    zone: Mapped[str] = mapped_column(Key)
    kind: Mapped[str] = mapped_column(Key, server_default=ProvinceKind.SERVING)
    simulated: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EnrolmentCodeRow(Base):
    """A code that lets one edge enrol once."""

    __tablename__ = "enrolment_code"

    code_digest: Mapped[str] = mapped_column(Key, primary_key=True)
    province: Mapped[str] = mapped_column(ForeignKey("province.name"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EdgeRow(Base):
    """A province's edge cluster; enrolling again replaces its key and starts a new epoch."""

    __tablename__ = "edge"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    province: Mapped[str] = mapped_column(ForeignKey("province.name"), unique=True)
    epoch: Mapped[int] = mapped_column()
    public_key: Mapped[dict[str, Any]] = mapped_column(Json)
    gateway_url: Mapped[str] = mapped_column(Line)
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def serving_provinces() -> Select[str]:
    """Select the names of the provinces that serve; what the proving edge answers is nobody's call."""
    return select(ProvinceRow.name).where(ProvinceRow.kind == ProvinceKind.SERVING)


class PlaceStore:
    """Provinces by name, edges by id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, province: Province) -> None:
        """Add a province.

        Raises:
            NameTaken: There is one of this name.
        """
        row = ProvinceRow(
            name=province.name,
            title_zh=province.title_zh,
            title_en=province.title_en,
            zone=province.zone,
            kind=province.kind,
            simulated=province.simulated,
            created_at=province.created_at,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            raise NameTaken(f"There is a province {province.name} already.") from error

    def get(self, name: str) -> Province:
        """Return a province.

        Raises:
            NotFound: There is none of this name.
        """
        row = self._session.get(ProvinceRow, name)
        if row is None:
            raise NotFound(f"There is no province {name}.")
        return _province(row)

    def page(self, paging: Paging, *, kind: ProvinceKind | None = None) -> Page[Province]:
        """Return provinces by name; of one kind where it is given."""
        statement = select(ProvinceRow)
        if kind is not None:
            statement = statement.where(ProvinceRow.kind == kind)
        return map_page(
            fetch_page(self._session, statement, paging, key=[ProvinceRow.name]), _province
        )

    def all(self) -> list[Province]:
        """Return every province, by name."""
        rows = self._session.scalars(select(ProvinceRow).order_by(ProvinceRow.name))
        return [_province(row) for row in rows]

    def names(self) -> list[str]:
        """Return the name of every province."""
        return list(self._session.scalars(select(ProvinceRow.name).order_by(ProvinceRow.name)))

    def add_code(self, province: str, code: str, expires_at: datetime) -> None:
        """Keep a new enrolment code."""
        self._session.add(
            EnrolmentCodeRow(code_digest=digest(code), province=province, expires_at=expires_at)
        )

    def use_code(self, code: str, now: datetime) -> Province:
        """Use an enrolment code up and return its province.

        Raises:
            CodeRefused: It is unknown, used or expired.
        """
        row = self._session.get(EnrolmentCodeRow, digest(code), with_for_update=True)
        if row is None or row.used_at is not None or row.expires_at <= now:
            raise CodeRefused("This enrolment code is unknown, used or expired: ask for a new one.")
        row.used_at = now
        return self.get(row.province)

    def put_edge(self, edge: Edge) -> None:
        """Keep an edge as it enrolled."""
        self._session.merge(
            EdgeRow(
                id=edge.id,
                province=edge.province,
                epoch=edge.epoch,
                public_key=edge.public_key,
                gateway_url=edge.gateway_url,
                enrolled_at=edge.enrolled_at,
                revoked_at=edge.revoked_at,
            )
        )

    def find_edge(self, edge_id: str, *, lock: bool = False) -> Edge | None:
        """Return an edge, locked until the transaction ends if asked."""
        row = self._session.get(EdgeRow, edge_id, with_for_update=lock or None)
        return None if row is None else _edge(row)

    def find_edge_of(self, province: str) -> Edge | None:
        """Return a province's edge."""
        row = self._session.scalar(select(EdgeRow).where(EdgeRow.province == province))
        return None if row is None else _edge(row)

    def find_proving_edge(self) -> Edge | None:
        """Return the edge that proves drafts: the first by province that is enrolled."""
        statement = (
            select(EdgeRow)
            .join(ProvinceRow, ProvinceRow.name == EdgeRow.province)
            .where(ProvinceRow.kind == ProvinceKind.PROVING, EdgeRow.revoked_at.is_(None))
            .order_by(EdgeRow.province)
            .limit(1)
        )
        row = self._session.scalar(statement)
        return None if row is None else _edge(row)

    def page_edges(self, paging: Paging, *, provinces: Collection[str] | None = None) -> Page[Edge]:
        """Return edges by id; of certain provinces where they are given."""
        statement = select(EdgeRow)
        if provinces is not None:
            statement = statement.where(EdgeRow.province.in_(sorted(provinces)))
        return map_page(fetch_page(self._session, statement, paging, key=[EdgeRow.id]), _edge)


def _province(row: ProvinceRow) -> Province:
    return Province(
        row.name,
        row.title_zh,
        row.title_en,
        row.zone,
        row.created_at,
        ProvinceKind(row.kind),
        row.simulated,
    )


def _edge(row: EdgeRow) -> Edge:
    return Edge(
        row.id,
        row.province,
        row.epoch,
        row.public_key,
        row.gateway_url,
        row.enrolled_at,
        row.revoked_at,
    )
