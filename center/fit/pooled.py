"""What a reader learns of provinces that are not theirs: sums over several, or nothing. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from center.fit.domain import ElsewhereQuality, Observed
from center.fit.estimate import wilson
from center.fit.store import JudgedRows

_HOUR = timedelta(hours=1)
LEAST_PROVINCES = 3
"""Of two, a reader of one could tell the other by subtraction; with three none stands alone."""

LEAST_ROWS = 50
"""As few judged rows as a window's profile needs to leave its province."""


def pool(
    judged: Iterable[JudgedRows], predicted: Mapping[tuple[str, str], int]
) -> list[ElsewhereQuality]:
    """Sum up each version's answers in provinces that somebody does not see one by one.

    Args:
        judged: What feedback said there, by province and version.
        predicted: Rows predicted, by province and version.

    Returns:
        One sum a version, by version; none where too few provinces or rows would stand behind it.
    """
    ordered = sorted(judged, key=attrgetter("version"))
    found = [
        _sum(version, list(items), predicted)
        for version, items in groupby(ordered, key=attrgetter("version"))
    ]
    return [item for item in found if item is not None]


def _sum(
    version: str, items: list[JudgedRows], predicted: Mapping[tuple[str, str], int]
) -> ElsewhereQuality | None:
    rows = sum(item.labelled for item in items)
    if len(items) < LEAST_PROVINCES or rows < LEAST_ROWS:
        return None
    realized = Observed(
        wilson(sum(item.right for item in items), rows),
        rows,
        min(item.begins for item in items),
        max(item.ends for item in items) + _HOUR,
        # As old as the oldest news in it.
        min(item.counted_at for item in items),
    )
    predictions = sum(predicted.get((item.province, version), 0) for item in items)
    return ElsewhereQuality(version, len(items), realized, predictions)
