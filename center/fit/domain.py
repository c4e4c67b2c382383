"""Fits as values: how a version's training data stand to a province's, and what that may cost."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from center.fit.estimate import Interval


class Finding(StrEnum):
    """What can be said about a version in a province."""

    ESTIMATED = "estimated"
    SHIFTS_ONLY = "shifts-only"
    """The columns can be compared, but the package does not say how quality hangs on them."""
    COLUMNS_MISSING = "columns-missing"
    """Some columns can be compared, and the estimate needs others too."""
    TOO_FEW_ROWS = "too-few-rows"
    NO_OVERLAP = "no-overlap"
    """The province's data stand where nobody ever looked; any number would be made up."""
    NO_PROFILE = "no-profile"
    """Nothing that runs in the province counts any of the version's columns."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the counts of a province's column come from."""

    capability: str
    version: str
    rows: int
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class ColumnShift:
    """How a province's rows of one column stand to the training data.

    Attributes:
        distance: Share of rows that stand elsewhere, 0 to 1.
    """

    column: str
    distance: float
    source: Source


@dataclass(frozen=True, slots=True)
class Expected:
    """What quality is to be expected in the province.

    Attributes:
        basis: Whether the scores of the version's answers were looked at, or its inputs alone.
        held_back: Quality on rows that training never saw.
        effective_rows: Held-back rows that are left when they are weighted as the province's.
    """

    basis: str
    held_back: Interval
    held_back_rows: int
    quality: Interval
    effective_rows: float


@dataclass(frozen=True, slots=True)
class Fit:
    """Everything that is known before a version runs in a province.

    Attributes:
        shifts: The column that moved most comes first.
        missing: Columns of the version that nothing in the province counts.
        unknown: Greatest share of rows where no held-back row stands; None where it is not known.
    """

    capability: str
    version: str
    province: str
    finding: Finding
    reference_rows: int
    shifts: tuple[ColumnShift, ...] = ()
    missing: tuple[str, ...] = ()
    expected: Expected | None = None
    unknown: float | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """A share of right answers in a province, where it comes from, and how old it is."""

    quality: Interval
    rows: int
    begins: datetime
    ends: datetime
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class LiveQuality:
    """One version in one province, realized from feedback and estimated without it.

    Attributes:
        predictions: Rows predicted in the span, labelled or not.
    """

    province: str
    version: str
    realized: Observed | None
    predictions: int
    estimated: Observed | None
    basis: str | None


@dataclass(frozen=True, slots=True)
class ElsewhereQuality:
    """One version in several provinces together, none of which the reader sees by itself."""

    version: str
    provinces: int
    realized: Observed
    predictions: int


@dataclass(frozen=True, slots=True)
class LiveView:
    """What one reader learns of a capability's quality.

    Attributes:
        places: The provinces within reach, one by one.
        elsewhere: All others, summed up by version.
        is_withheld: Whether others answered, too few for a sum that gives none of them away.
    """

    places: tuple[LiveQuality, ...]
    elsewhere: tuple[ElsewhereQuality, ...]
    is_withheld: bool
