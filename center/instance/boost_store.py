"""Boosts: more replicas for a time, ordered by a person, and when the province recovered."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ForeignKey, Select, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.scaling import BoostOutcome
from center.capability.rows import CapabilityRow
from center.columns import Key, LongText, UtcDateTime
from center.database import Base
from center.instance.domain import BoostOrder
from center.paging import Page, Paging, fetch_page, map_page


class BoostRow(Base):
    """One order; it is kept after its end, as the record of who did what against which flood."""

    __tablename__ = "boost"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    province: Mapped[str] = mapped_column(ForeignKey("province.name"), index=True)
    capability: Mapped[str] = mapped_column(Key, ForeignKey(CapabilityRow.name), index=True)
    replicas: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(LongText)
    ordered_by: Mapped[str] = mapped_column(Key)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recovered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BoostStore:
    """Boosts of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, order: BoostOrder) -> None:
        """Keep a new order in place of the one in force."""
        self.end(order.province, order.capability, order.begun_at)
        self._session.add(BoostRow(**asdict(order)))
        self._session.flush()

    def end(self, province: str, capability: str, at: datetime) -> bool:
        """End what is in force; tell whether anything was."""
        found = list(self._session.scalars(self._in_force(province, capability, at)))
        for row in found:
            row.ended_at = at
        self._session.flush()
        return bool(found)

    def in_force(self, province: str, now: datetime) -> dict[str, BoostOrder]:
        """Return what is in force in a province, by capability."""
        found = self._session.scalars(self._in_force(province, None, now))
        return {item.capability: _to_order(item) for item in found}

    def page(self, province: str, capability: str, paging: Paging) -> Page[BoostOrder]:
        """Return a page of a deployment's boosts, the first ordered first."""
        row = BoostRow
        statement = select(row).where(row.province == province, row.capability == capability)
        page = fetch_page(self._session, statement, paging, key=[row.begun_at, row.id])
        return map_page(page, _to_order)

    def recover(self, province: str, outcomes: Iterable[BoostOutcome]) -> None:
        """Note what a province says of its boosts; the first word counts."""
        row = BoostRow
        for item in outcomes:
            if item.recovered_at is not None:
                mine = (row.id == item.id, row.province == province, row.recovered_at.is_(None))
                self._session.execute(
                    update(row).where(*mine).values(recovered_at=item.recovered_at)
                )

    def _in_force(self, province: str, capability: str | None, now: datetime) -> Select[BoostRow]:
        row = BoostRow
        statement = select(row).where(
            row.province == province, row.ended_at.is_(None), row.until > now
        )
        if capability is not None:
            statement = statement.where(row.capability == capability)
        return statement.order_by(row.begun_at, row.id)


def _to_order(row: BoostRow) -> BoostOrder:
    return BoostOrder(
        id=row.id,
        province=row.province,
        capability=row.capability,
        replicas=row.replicas,
        reason=row.reason,
        ordered_by=row.ordered_by,
        begun_at=row.begun_at,
        until=row.until,
        ended_at=row.ended_at,
        recovered_at=row.recovered_at,
    )
