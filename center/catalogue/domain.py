"""What the store shows of a capability, and how people look for it."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from center.operations.latency import quantile_ms

USAGE_WINDOW = timedelta(days=30)
"""Calls and quality on a card are those of the last days."""

MOST_WORDS = 8
MOST_TERMS = 24


class Sort(StrEnum):
    """In which order the store lists."""

    RELEVANCE = "relevance"
    QUALITY = "quality"
    NEWEST = "newest"
    USAGE = "usage"


class QualityBand(StrEnum):
    """Realized accuracy where the reader is."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    UNKNOWN = "unknown"


QUALITY_FLOORS: dict[QualityBand, float] = {
    QualityBand.EXCELLENT: 0.95,
    QualityBand.GOOD: 0.9,
    QualityBand.FAIR: 0.8,
    QualityBand.POOR: 0.0,
}
"""Least accuracy of each band, the best first."""


class AgeBand(StrEnum):
    """How long ago the version was published that stands for a capability."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    OLDER = "older"


AGE_LIMITS: dict[AgeBand, timedelta] = {
    AgeBand.MONTH: timedelta(days=30),
    AgeBand.QUARTER: timedelta(days=90),
    AgeBand.YEAR: timedelta(days=365),
}
"""Greatest age of each band, the youngest first."""


class Facet(StrEnum):
    """What the store can be narrowed by."""

    DOMAIN = "domain"
    TASK = "task"
    FAMILY = "family"
    AVAILABLE_IN = "available_in"
    QUALITY = "quality"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for; an empty facet asks for everything.

    Attributes:
        words: Words of the reader; each must be found.
        facets: For each facet the values of which one must hold.
        favourites_of: Only what this person keeps at hand.
    """

    words: tuple["Word", ...] = ()
    facets: dict[Facet, frozenset[str]] = field(default_factory=dict)
    favourites_of: str | None = None

    def without(self, facet: Facet) -> "Wanted":
        """Return the search as it would be if one facet were free: what its counts are of."""
        facets = {name: values for name, values in self.facets.items() if name is not facet}
        return Wanted(self.words, facets, self.favourites_of)


_WORDS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\s\u3400-\u9fff\uf900-\ufaff]+")
_FIRST_HAN = "\u3400"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a search.

    Chinese is written without spaces, so a run of more than two characters is also looked for by
    its pairs, half of which must be found: "基站告警定位" finds "告警根因定位".

    Attributes:
        text: As it was typed, case folded.
        pairs: Pairs of neighbouring characters; empty where the text itself must be found.
    """

    text: str
    pairs: tuple[str, ...] = ()

    @property
    def least_pairs(self) -> int:
        """How many pairs must be found."""
        return -(-len(self.pairs) // 3)


def words_of(query: str) -> tuple[Word, ...]:
    """Split what a reader typed into words, `MOST_WORDS` at most."""
    found: list[Word] = []
    for text in _WORDS.findall(query.casefold())[:MOST_WORDS]:
        is_run = text[0] >= _FIRST_HAN and len(text) > len("两字")
        pairs = tuple(text[at : at + 2] for at in range(len(text) - 1)) if is_run else ()
        found.append(Word(text, pairs[:MOST_TERMS]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Here:
    """Whose figures a reader looks at.

    Attributes:
        provinces: These together, or None for all of them.
        owner: Only of capabilities that this organisation owns; None for any.
    """

    provinces: frozenset[str] | None = None
    owner: str | None = None

    @property
    def only(self) -> str | None:
        """The one province that is looked at; None where it is not exactly one."""
        if self.provinces is None or len(self.provinces) != 1:
            return None
        return next(iter(self.provinces))


@dataclass(frozen=True, slots=True)
class Standing:
    """How much a capability was used and how good it was in `USAGE_WINDOW`.

    Attributes:
        calls: Answered calls.
        errors: Those of them with 400 or more.
        latency: Calls in each cell of `center.operations.latency`.
        labelled: Answered rows that somebody judged.
        right: Those of them that were right.
        quality_at: When quality counts came last.
        measured_at: When the center added all of this up.
    """

    calls: int
    errors: int
    latency: tuple[int, ...]
    labelled: int
    right: int
    quality_at: datetime | None
    measured_at: datetime

    @property
    def accuracy(self) -> float | None:
        """Share of judged rows that were right; None where none was judged."""
        return self.right / self.labelled if self.labelled else None

    @property
    def p99_ms(self) -> float | None:
        """Latency in milliseconds that 99 of 100 calls did not exceed; None without a call."""
        return quantile_ms(self.latency, 0.99)

    def with_province(self, other: "Standing") -> "Standing":
        """Return what both provinces report together; it is as old as the older one."""
        known = [at for at in (self.quality_at, other.quality_at) if at is not None]
        return Standing(
            calls=self.calls + other.calls,
            errors=self.errors + other.errors,
            latency=tuple(a + b for a, b in zip(self.latency, other.latency, strict=True)),
            labelled=self.labelled + other.labelled,
            right=self.right + other.right,
            quality_at=max(known, default=None),
            measured_at=min(self.measured_at, other.measured_at),
        )
