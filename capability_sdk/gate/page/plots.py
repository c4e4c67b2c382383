"""From measured series to the geometry of plots; the page's template draws it as SVG."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from capability_sdk.contracts.packages import Series

WIDTH, HEIGHT = 380, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 12, 38
_TICKS = 4
_LOGARITHMIC = 16
"""Sizes that reach so many times the smallest are shown on a logarithmic axis."""
_LABELLED = 8
_ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place of an axis, in pixels."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its corners for ``polyline``, and each with what it says when pointed at."""

    name: str
    points: str
    dots: Sequence[tuple[float, float, str]]


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot with its axes."""

    name: str
    unit: str
    along: str
    lines: Sequence[Line]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def plots_of(series: Sequence[Series]) -> list[Plot]:
    """Lay out plots: series of one name are the lines of one plot."""
    groups: dict[str, list[Series]] = {}
    for item in series:
        groups.setdefault(item.name, []).append(item)
    return [_plot(group) for group in groups.values()]


def number(value: float) -> str:
    """Write a number for people: three or four figures, no more."""
    if value == int(value) or abs(value) >= 1000:  # noqa: PLR2004 - whole thousands say enough
        return f"{value:,.0f}"
    return f"{value:.3g}"


def short(value: float) -> str:
    """Write a number for an axis: ``40 k``, ``2.5 M``."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g} {letter}"
    return f"{value:.3g}"


def _plot(group: Sequence[Series]) -> Plot:
    first = group[0]
    xs = sorted({x for item in group for x in item.x})
    top = max((y for item in group for y in item.y), default=0.0)
    y_steps = list(_round_steps(top))
    across = _Scale(xs[0], xs[-1], _LEFT, WIDTH - _RIGHT)
    # From zero: half the height is half the value.
    up = _Scale(0.0, y_steps[-1], HEIGHT - _BOTTOM, _TOP, may_be_logarithmic=False)
    labelled = xs if len(xs) <= _LABELLED else [x for x in _round_steps(xs[-1]) if x >= xs[0]]
    return Plot(
        first.name,
        first.unit,
        first.along,
        [_line(item, across, up) for item in group],
        [Tick(across.at(x), short(x)) for x in labelled if x <= xs[-1]],
        [Tick(up.at(y), short(y)) for y in y_steps],
    )


def _line(series: Series, across: "_Scale", up: "_Scale") -> Line:
    dots = [
        (across.at(x), up.at(y), f"{number(x)} {series.along}: {number(y)} {series.unit}")
        for x, y in zip(series.x, series.y, strict=True)
    ]
    points = " ".join(f"{x},{y}" for x, y, _ in dots)
    return Line(series.line, points, dots if len(dots) <= _LABELLED else [])


class _Scale:
    """From values to pixels."""

    def __init__(
        self, low: float, high: float, start: int, end: int, *, may_be_logarithmic: bool = True
    ) -> None:
        self._is_log = may_be_logarithmic and low > 0 and high / low >= _LOGARITHMIC
        self._low, self._high = self._shown(low), self._shown(high)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        """Return the pixel of a value, to a tenth."""
        span = (self._high - self._low) or 1.0
        share = (self._shown(value) - self._low) / span
        return round(self._start + share * (self._end - self._start), 1)

    def _shown(self, value: float) -> float:
        return math.log(value) if self._is_log else value


def _round_steps(top: float) -> Iterator[float]:
    """Yield round numbers from zero to the first that reaches ``top``."""
    rough = (top or 1.0) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _ROUND_STEPS if power * factor >= rough * 0.999)
    for count in range(_TICKS + 2):
        yield round(step * count, 12)
        if step * count >= top:
            return
