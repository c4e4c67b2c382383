"""The shelf: one row for each listed capability, as every search of the store begins."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
)

from center.capability.domain import LISTED, Stage
from center.capability.rows import CapabilityRow, CapabilityVersionRow
from center.catalogue.domain import (
    AGE_LIMITS,
    QUALITY_FLOORS,
    AgeBand,
    Facet,
    Here,
    QualityBand,
    Wanted,
    Word,
)
from center.catalogue.rows import EntryRow, ListingRow, StandingRow
from center.discussion.rows import FavouriteRow
from center.instance.store import DeploymentRow

_EPOCH_US = timedelta(microseconds=1)
_MILLION = 1_000_000
_WEIGHTS = {"name_text": 8, "title_text": 8, "field_text": 3, "about_text": 2}
_EXACT = 100
_BEGINS = 20


@dataclass(frozen=True, slots=True)
class Shelf:
    """A statement's parts: what stands on the shelf, and the expressions over it."""

    rows: Subquery
    now_us: int

    @classmethod
    def of(cls, here: Here, now: datetime) -> "Shelf":
        """Set the shelf up for a reader."""
        since = now.timestamp()
        return cls(_shelf(here).subquery("shelf"), int(since * _MILLION))

    @property
    def columns(self) -> Any:  # noqa: ANN401 - SQLAlchemy's column collection
        """Columns of the shelf, by name."""
        return self.rows.c

    def matching(self, wanted: Wanted) -> ColumnElement[bool]:
        """Return the condition of a search."""
        parts = [self._has(word) for word in wanted.words]
        parts += [self._one_of(name, values) for name, values in wanted.facets.items() if values]
        if wanted.favourites_of is not None:
            kept = select(FavouriteRow.capability).where(
                FavouriteRow.person == wanted.favourites_of
            )
            parts.append(self.columns.capability.in_(kept))
        return and_(true(), *parts)

    def relevance(self, words: tuple[Word, ...]) -> ColumnElement[int]:
        """Return how well a row fits the words, a whole number."""
        score: ColumnElement[int] = literal(0)
        for word in words:
            name, title = self.columns.name_text, self.columns.title_text
            score += _points(self.columns.capability == word.text, _EXACT)
            score += _points(name.startswith(word.text, autoescape=True), _BEGINS)
            score += _points(title.startswith(word.text, autoescape=True), _BEGINS)
            for text in (word.text, *word.pairs):
                for column, weight in _WEIGHTS.items():
                    score += _points(_holds(self.columns[column], text), weight)
        return score

    @property
    def accuracy(self) -> ColumnElement[int]:
        """Realized accuracy in millionths; -1 where nothing was judged."""
        labelled = self.columns.labelled
        share = self.columns.right * _MILLION // func.coalesce(func.nullif(labelled, 0), 1)
        return case((labelled > 0, share), else_=-1)

    def value_of(self, facet: Facet) -> ColumnElement[str]:
        """Return the expression of a facet that has one value for each row."""
        if facet is Facet.QUALITY:
            accuracy = self.accuracy
            bands = [
                (accuracy >= int(low * _MILLION), band) for band, low in QUALITY_FLOORS.items()
            ]
            return case(
                *[(met, literal(band.value)) for met, band in bands],
                else_=literal(QualityBand.UNKNOWN.value),
            )
        if facet is Facet.AGE:
            age = self.now_us - self.columns.published_us
            limits = [(age <= limit // _EPOCH_US, band) for band, limit in AGE_LIMITS.items()]
            return case(
                *[(met, literal(band.value)) for met, band in limits],
                else_=literal(AgeBand.OLDER.value),
            )
        column: ColumnElement[str] = self.columns[facet.value]
        return column

    def _has(self, word: Word) -> ColumnElement[bool]:
        whole = or_(*(_holds(self.columns[name], word.text) for name in _WEIGHTS))
        if not word.pairs:
            return whole
        found: ColumnElement[int] = literal(0)
        for pair in word.pairs:
            anywhere = or_(*(_holds(self.columns[name], pair) for name in _WEIGHTS))
            found += _points(anywhere, 1)
        return or_(whole, found >= word.least_pairs)

    def _one_of(self, facet: Facet, values: frozenset[str]) -> ColumnElement[bool]:
        if facet is Facet.AVAILABLE_IN:
            row = DeploymentRow
            running = select(row.capability).where(row.present, row.province.in_(sorted(values)))
            is_running: ColumnElement[bool] = self.columns.capability.in_(running)
            return is_running
        return self.value_of(facet).in_(sorted(values))


def _shelf(here: Here) -> Select[Any]:
    foremost = _foremost().subquery("foremost")
    entry, standing, listing = EntryRow, _standing(here).subquery("standing"), ListingRow
    at_front = and_(
        entry.capability == foremost.c.capability,
        entry.version == foremost.c.version,
        foremost.c.place == 1,
    )
    names = ("name_text", "title_text", "field_text", "about_text", "published_us")
    return (
        select(
            *(entry.capability, entry.version, entry.domain, entry.family),
            *(getattr(entry, name) for name in names),
            func.coalesce(listing.task, entry.task).label("task"),
            *(func.coalesce(standing.c[name], 0).label(name) for name in _SUMS),
        )
        .join(foremost, at_front)
        .outerjoin(listing, listing.capability == entry.capability)
        .outerjoin(standing, standing.c.capability == entry.capability)
    )


_SUMS = ("calls", "labelled", "right")


def _foremost() -> Select[Any]:
    """Number each capability's listed versions: published before deprecated, the highest first."""
    row, entry = CapabilityVersionRow, EntryRow
    is_published = case((row.stage == Stage.PUBLISHED, 1), else_=0)
    place = func.row_number().over(
        partition_by=row.capability, order_by=[is_published.desc(), entry.precedence.desc()]
    )
    same = and_(entry.capability == row.capability, entry.version == row.version)
    return (
        select(row.capability, row.version, place.label("place"))
        .join(entry, same)
        .where(row.stage.in_(sorted(LISTED)))
    )


def _standing(here: Here) -> Select[Any]:
    row = StandingRow
    statement = select(
        row.capability, *(func.sum(getattr(row, name)).label(name) for name in _SUMS)
    ).group_by(row.capability)
    if here.provinces is not None:
        statement = statement.where(row.province.in_(sorted(here.provinces)))
    if here.owner is not None:
        owned = select(CapabilityRow.name).where(CapabilityRow.owner == here.owner)
        statement = statement.where(row.capability.in_(owned))
    return statement


def _holds(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    return column.contains(text, autoescape=True)


def _points(condition: ColumnElement[bool], weight: int) -> ColumnElement[int]:
    return case((condition, weight), else_=0)
