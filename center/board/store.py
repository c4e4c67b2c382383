"""Every query about the joined board."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from capability_sdk.contracts.enrolment import ProvinceKind
from center.board.domain import Figures
from center.board.rows import BoardCellRow, BoardProvinceRow
from center.capability.domain import LISTED
from center.capability.rows import CapabilityVersionRow
from center.identity.store.places import ProvinceRow
from center.operations.rows import IntakeRow
from center.reach import Reach

_MEMBERS = tuple(getattr(BoardCellRow, name) for name in Figures._fields)
_SHORTEST = timedelta(microseconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """A province on the board.

    Attributes:
        joined_at: When its figures were joined; None before the first time.
        spoken_at: The newest moment that its edge spoke of.
    """

    name: str
    title_zh: str
    title_en: str
    simulated: bool
    joined_at: datetime | None
    spoken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Head:
    """A capability on the board, as its newest published version names it."""

    name: str
    title_zh: str
    title_en: str
    domain: str


class BoardStore:
    """Cells of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def due(self, provinces: Collection[str], before: datetime) -> list[str]:
        """Return the provinces whose cells are to be joined anew.

        Args:
            provinces: All there are.
            before: What was joined earlier is due in any case: its day has moved on.
        """
        joined = self._moments(BoardProvinceRow.province, BoardProvinceRow.joined_at)
        heard = self._moments(IntakeRow.province, IntakeRow.heard_at)

        def is_due(name: str) -> bool:
            at = joined.get(name, _NEVER)
            return at < before or at <= heard.get(name, _NEVER)

        return sorted(name for name in provinces if is_due(name))

    def _moments(
        self, name: InstrumentedAttribute[str], at: InstrumentedAttribute[datetime]
    ) -> dict[str, datetime]:
        return {key: moment for key, moment in self._session.execute(select(name, at))}  # noqa: C416 - a row is no typed pair

    def replace(
        self, province: str, cells: Sequence[Figures], spoken_at: datetime | None, at: datetime
    ) -> None:
        """Keep a province's cells in place of those before, joined later than they were."""
        before = self._session.get(BoardProvinceRow, province)
        later = at if before is None else max(at, before.joined_at + _SHORTEST)
        for row in (BoardCellRow, BoardProvinceRow):
            self._session.execute(delete(row).where(row.province == province))
        if cells:
            self._session.execute(insert(BoardCellRow), [cell._asdict() for cell in cells])
        values = {"province": province, "joined_at": later, "spoken_at": spoken_at}
        self._session.execute(insert(BoardProvinceRow).values(**values))

    def cells(self, reach: Reach) -> list[Figures]:
        """Return the cells within reach: read past the ORM, which would take a third of the time."""
        statement = select(*_MEMBERS)
        if reach.provinces is not None:
            statement = statement.where(BoardCellRow.province.in_(sorted(reach.provinces)))
        if reach.capabilities is not None:
            statement = statement.where(BoardCellRow.capability.in_(sorted(reach.capabilities)))
        return list(map(Figures._make, self._session.connection().execute(statement).all()))

    def places(self, reach: Reach) -> list[Place]:
        """Return the serving provinces within reach, by name."""
        row, joined = ProvinceRow, BoardProvinceRow
        statement = (
            select(
                row.name,
                row.title_zh,
                row.title_en,
                row.simulated,
                joined.joined_at,
                joined.spoken_at,
            )
            .outerjoin(joined, joined.province == row.name)
            .where(row.kind == ProvinceKind.SERVING)
            .order_by(row.name)
        )
        if reach.provinces is not None:
            statement = statement.where(row.name.in_(sorted(reach.provinces)))
        return [Place(*members) for members in self._session.execute(statement)]

    def heads(self, reach: Reach) -> list[Head]:
        """Return the published capabilities within reach, by name."""
        row = CapabilityVersionRow
        statement = (
            select(row.capability, row.domain, row.manifest["titles"])
            .where(row.stage.in_(sorted(LISTED)))
            .order_by(row.capability, row.published_at)
        )
        if reach.capabilities is not None:
            statement = statement.where(row.capability.in_(sorted(reach.capabilities)))
        newest = {
            name: Head(name, titles["zh"], titles["en"], domain)
            for name, domain, titles in self._session.execute(statement)
        }
        return list(newest.values())
