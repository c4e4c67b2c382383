"""Windows of anchored counts, and what is said about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEAST_ROWS = 200
"""A sample with fewer rows says nothing yet."""

LONGEST_SAMPLE = timedelta(hours=24)
"""Hours further apart never make up one sample."""

FALSE_DISCOVERY_RATE = 0.01
"""Share of wrong calls among the columns that one judgement calls moved."""

MATERIAL_EFFECT = 0.15
"""More than every seventh row stands elsewhere: drift, once the sample before shows it as well.

Random splits of the real digits (1,797 images, windows of 500) stay below it, and so do windows
drawn again and again from the same few hundred images; a small effect in Cohen's (1988) sense is
0.1, a medium one 0.3.
"""

STRONG_EFFECT = 0.2
"""Every fifth row stands elsewhere: drift at once."""

ColumnCounts = dict[str, list[int]]
"""Column to counts, in the order of its cells."""


class DriftVerdict(StrEnum):
    """What is said about one capability version in one province."""

    STABLE = "stable"
    DRIFT = "drift"
    LEARNING = "learning"


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """What has windows of its own: provinces are never judged on merged counts alone."""

    province: str
    capability: str
    version: str


@dataclass(frozen=True, slots=True)
class Window:
    """Counts of one hour; ``hour`` is its start, UTC."""

    hour: datetime
    rows: int
    counts: ColumnCounts


@dataclass(frozen=True, slots=True)
class Sample:
    """Consecutive windows that together have rows enough; ``ends`` is the last hour's end."""

    begins: datetime
    ends: datetime
    rows: int
    counts: ColumnCounts


@dataclass(frozen=True, slots=True)
class ColumnMovement:
    """How one column of the newest sample stands to the reference.

    Attributes:
        column: Name of the tensor element.
        statistic: The test's own figure.
        p: p-value of the column alone.
        q: p-value corrected over the columns judged together.
        effect: Share of rows that stand elsewhere, 0 to 1.
        moved: Whether the column counts towards the verdict.
        shift: How far the mean lies off, in standard deviations of the reference; None for a
            category.
        null_share: Share of rows without a value.
        outside_share: Share of rows beyond the reference's range, or of a level that it never saw.
    """

    column: str
    statistic: float
    p: float
    q: float
    effect: float
    moved: bool
    shift: float | None = None
    null_share: float = 0.0
    outside_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with what it stands on; ``columns`` begin with the worst."""

    verdict: DriftVerdict
    window_from: datetime | None
    window_to: datetime | None
    rows: int
    columns: tuple[ColumnMovement, ...] = ()

    @property
    def columns_moved(self) -> int:
        """Number of columns that count towards the verdict."""
        return sum(column.moved for column in self.columns)

    @property
    def worst(self) -> ColumnMovement | None:
        """The column with the largest effect."""
        return self.columns[0] if self.columns else None


@dataclass(frozen=True, slots=True)
class DriftPoint:
    """A judgement as it stood at the end of one hour, without its columns.

    Attributes:
        at: Start of the hour.
        column: The one with the largest effect.
        estimate: Accuracy as the scores alone say it; None where they are no probabilities.
    """

    at: datetime
    verdict: DriftVerdict
    rows: int
    moved: int
    column: str | None
    effect: float | None
    estimate: float | None


def add_counts(left: ColumnCounts, right: ColumnCounts) -> ColumnCounts:
    """Add two windows' counts, cell by cell; a column that one side lacks is taken as it is.

    Raises:
        ValueError: A column has another number of cells on each side.
    """
    added = dict(left)
    for column, counts in right.items():
        mine = added.get(column)
        added[column] = (
            list(counts) if mine is None else [a + b for a, b in zip(mine, counts, strict=True)]
        )
    return added


def samples(windows: Iterable[Window], *, most: int = 2) -> list[Sample]:
    """Join hourly windows into samples that have rows enough to be judged, newest first.

    The newest hour stands alone where it can; a quiet hour takes in the ones before it, within
    `LONGEST_SAMPLE`. What is left with too few rows makes no sample.
    """
    found: list[Sample] = []
    gathered: list[Window] = []
    for window in sorted(windows, key=lambda item: item.hour, reverse=True):
        if gathered and gathered[0].hour - window.hour >= LONGEST_SAMPLE:
            gathered = []
        gathered.append(window)
        if sum(item.rows for item in gathered) >= LEAST_ROWS:
            found.append(_joined(gathered))
            gathered = []
        if len(found) == most:
            break
    return found


def _joined(windows: Sequence[Window]) -> Sample:
    counts: ColumnCounts = {}
    for window in windows:
        counts = add_counts(counts, window.counts)
    return Sample(
        begins=windows[-1].hour,
        ends=windows[0].hour + timedelta(hours=1),
        rows=sum(window.rows for window in windows),
        counts=counts,
    )
