"""Spans of hours that usage is added up in beside its hours, so that a long time is few sums.

A span of each length begins at a multiple of it since the first moment there is. Three of the
shortest make a day of UTC, and Chinese midnight, 16:00 UTC, begins one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = 1
SPAN_HOURS = (8, 24, 96, 384)
"""Lengths of the spans that are kept: each a multiple of the one before."""

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
"""Start of the last hour there is: whatever a record or a question names, it is answered."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring spans of one length.

    Attributes:
        hours: Their length; `HOUR` is the hours themselves.
        begins: Start of the first; None for the first there is.
        ends: End of the last; None for the last there is.
    """

    hours: int
    begins: datetime | None
    ends: datetime | None


def span_of(moment: datetime, hours: int) -> datetime:
    """Return the start of the span of a length that a moment lies in."""
    length = timedelta(hours=hours)
    return moment - (moment - _FIRST) % length


def stretches(begins: datetime | None, ends: datetime | None) -> list[Stretch]:
    """Cover a time by as few spans as there are, the longest first.

    Args:
        begins: Hours that start here or later; None for all before the end.
        ends: Hours that start before this; None for all since the beginning.

    Returns:
        Stretches that hold each such hour once, and no other.
    """
    first = None if begins is None else _next(begins, HOUR)
    behind = None if ends is None else _next(ends, HOUR)
    return list(_cover(first, behind, (*reversed(SPAN_HOURS), HOUR)))


def _cover(
    begins: datetime | None, ends: datetime | None, lengths: tuple[int, ...]
) -> Iterator[Stretch]:
    hours, *shorter = lengths
    first = None if begins is None else _next(begins, hours)
    behind = None if ends is None else span_of(ends, hours)
    if first is not None and behind is not None and first >= behind:
        if shorter and begins != ends:
            yield from _cover(begins, ends, tuple(shorter))
        return
    yield Stretch(hours, first, behind)
    for left, right in ((begins, first), (behind, ends)):
        if left != right:
            yield from _cover(left, right, tuple(shorter))


def _next(moment: datetime, hours: int) -> datetime:
    """Return the first start of a span that is not before a moment."""
    start, length = span_of(moment, hours), timedelta(hours=hours)
    if start == moment:
        return start
    return start + length if start <= _LAST - length else _LAST
