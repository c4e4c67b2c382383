"""Records that no total holds: kept, and named in the audit trail."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from center.identity import audit
from center.operations.domain import Uncounted
from center.operations.rows import UncountedRow
from center.operations.store import IntakeStore, Origin
from center.paging import Page, Paging, fetch_page, map_page
from center.permissions import Actor, ActorKind, Role

_CHUNK = 200
_FIELDS = tuple(Uncounted.__dataclass_fields__)
_KEY = (UncountedRow.edge, UncountedRow.stream, UncountedRow.epoch, UncountedRow.first)


class UncountedStore:
    """Every query about records that no total holds."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, items: Sequence[Uncounted]) -> None:
        """Keep records; none of them is kept already."""
        self._session.add_all(
            UncountedRow(**{name: getattr(item, name) for name in _FIELDS}) for item in items
        )
        self._session.flush()

    def page(self, province: str, paging: Paging) -> Page[Uncounted]:
        """Return a page of a province's, by edge, stream, epoch and number."""
        statement = select(UncountedRow).where(UncountedRow.province == province)
        return map_page(fetch_page(self._session, statement, paging, key=_KEY), _to_uncounted)

    def with_body(self, province: str, limit: int) -> list[Uncounted]:
        """Return a province's records that still might count, in order."""
        statement = select(UncountedRow).where(
            UncountedRow.province == province, UncountedRow.kind.is_not(None)
        )
        rows = self._session.scalars(statement.order_by(*_KEY).limit(limit))
        return [_to_uncounted(row) for row in rows]

    def drop(self, places: Sequence[tuple[str, str, int, int]]) -> None:
        """Forget records, because they were counted."""
        for start in range(0, len(places), _CHUNK):
            chunk = places[start : start + _CHUNK]
            self._session.execute(delete(UncountedRow).where(tuple_(*_KEY).in_(chunk)))

    def sum(self, province: str) -> int:
        """Return how many of a province's records no total holds."""
        size = func.sum(UncountedRow.last - UncountedRow.first + 1)
        found = self._session.scalar(select(size).where(UncountedRow.province == province))
        return int(found or 0)


def keep_uncounted(session: Session, origin: Origin, items: Sequence[Uncounted]) -> None:
    """Keep records that no total holds; what was told last is not audited again and again."""
    if not items:
        return
    UncountedStore(session).add(items)
    first = items[0]
    if IntakeStore(session).is_new_refusal(origin, f"{first.stream} {first.epoch}: {first.why}"):
        detail = {
            "stream": first.stream,
            "epoch": first.epoch,
            "first": first.first,
            "last": items[-1].last,
            "records": sum(item.last - item.first + 1 for item in items),
            "why": first.why,
        }
        actor = Actor(ActorKind.EDGE, origin.edge, Role.EDGE, origin.province)
        audit.record(session, actor, "telemetry.uncounted", f"edge/{origin.edge}", detail)


def _to_uncounted(row: UncountedRow) -> Uncounted:
    return Uncounted(**{name: getattr(row, name) for name in _FIELDS})
