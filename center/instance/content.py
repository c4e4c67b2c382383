"""The five digests of a version in a province, and how what should be compares with what is."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Self

NOT_NOTED = "?"
"""In place of a digest that the center did not note when the version was uploaded."""


class Part(StrEnum):
    """What of a version has a digest of its own; in this order everywhere."""

    CODE = "code"
    WEIGHTS = "weights"
    OVERLAY = "overlay"
    PARSE_RULE = "parse-rule"
    ANCHORS = "anchors"


class Tick(StrEnum):
    """How one part compares."""

    EQUAL = "="
    DIFFERENT = "!"
    NONE = "-"
    """There is none of it, and there should be none."""
    UNKNOWN = "?"


CURES: dict[Part, str] = {
    Part.CODE: "Look who changed code/ on the province's disk; deploy the version again, and the"
    " edge fetches and verifies its package anew.",
    Part.WEIGHTS: "Look who changed model/ on the province's disk; deploy the version again, and"
    " the edge fetches and verifies its package anew.",
    Part.OVERLAY: "Look who changed the settings file on the province's disk; the agent writes it"
    " again when it starts, or set the settings again.",
    Part.PARSE_RULE: "Look who changed annotation/ on the province's disk; deploy the version"
    " again, and the edge fetches and verifies its package anew.",
    Part.ANCHORS: "Look who changed reference/ on the province's disk: until it is whole again,"
    " the province's profiles do not compare. Deploy the version again.",
}
"""What to do where a part differs."""


class Content(NamedTuple):
    """The digests of a version's five parts, in the order of `Part`; None where there is none.

    A tuple, because a matrix compares ten thousand of them.
    """

    code: str | None
    weights: str | None
    overlay: str | None
    parse_rule: str | None
    anchors: str | None

    @classmethod
    def released(cls, code: str, weights: str, parts: Mapping[str, str | None] | None) -> Self:
        """Return what a released version holds; its province's overlay comes beside it."""
        if parts is None:
            return cls(code, weights, None, NOT_NOTED, NOT_NOTED)
        return cls(code, weights, None, parts["parse_rule"], parts["anchors"])

    def with_overlay(self, digest: str | None) -> Self:
        """Return it beside what a province chose."""
        return self if digest is None else self._replace(overlay=digest)

    def by_part(self) -> dict[Part, str | None]:
        """Return the digests by part."""
        return dict(zip(Part, self, strict=True))


def compare(desired: Content, actual: Content | None, *, is_read: bool = True) -> str:
    """Return a tick for each part, in their order, such as ``==-?=``.

    Args:
        desired: What should be there.
        actual: What was reported; None where nothing was.
        is_read: Whether the edge read it from the disk; else only code and weights are known.
    """
    if actual is None:
        return _ALL_UNKNOWN
    ticks = "".join(map(_tick, desired, actual))
    return ticks if is_read else ticks[:_WITHOUT_READING] + _ALL_UNKNOWN[_WITHOUT_READING:]


def _tick(wanted: str | None, found: str | None) -> str:
    if wanted == found:
        return _NONE if wanted is None else _EQUAL
    return _UNKNOWN if wanted == NOT_NOTED else _DIFFERENT


_EQUAL, _DIFFERENT, _NONE, _UNKNOWN = (tick.value for tick in Tick)
_ALL_UNKNOWN = _UNKNOWN * len(Part)
_WITHOUT_READING = 2
"""Parts that an edge names by repeating what it was told: code and weights, the first two."""
