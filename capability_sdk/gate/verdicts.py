"""From what a check found to its verdict in the report."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from capability_sdk.contracts.packages import Check, Figure, Section, Series

_NAMED = 3
_DETAIL = 2000


@dataclass(slots=True)
class Findings:
    """What one check found so far.

    Attributes:
        cure: What to change, should there be a break.
        breaks: What is wrong, one sentence each.
    """

    name: str
    section: Section
    cure: str
    breaks: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)

    def check(self, good: str) -> Check:
        """Conclude.

        Args:
            good: What to say where nothing is wrong.
        """
        return Check(
            name=self.name,
            section=self.section,
            passed=not self.breaks,
            detail=(_few(self.breaks) if self.breaks else good)[:_DETAIL],
            cure=self.cure if self.breaks else "",
            figures=self.figures,
            series=self.series,
        )


def timed(run: Callable[[], Check]) -> Check:
    """Run a check and note how long it took."""
    began = time.perf_counter()
    check = run()
    return check.model_copy(update={"seconds": round(time.perf_counter() - began, 3)})


def _few(breaks: Sequence[str]) -> str:
    more = f" (and {len(breaks) - _NAMED} more)" if len(breaks) > _NAMED else ""
    return "; ".join(breaks[:_NAMED]) + more
