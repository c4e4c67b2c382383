"""Comments on a version, and its announced end, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from center.capability.domain import Stage


class Anchor(StrEnum):
    """What a comment is about."""

    VERSION = "version"
    LINE = "line"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comment stands.

    Attributes:
        path: File of a line.
        line: Number of the line in the new file, from 1.
        check: Name of a check of the gate report.
    """

    anchor: Anchor = Anchor.VERSION
    path: str | None = None
    line: int | None = None
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote in a review; it is not changed afterwards."""

    id: str
    capability: str
    version: str
    place: Place
    body: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Retirement:
    """The announced end of a version.

    Attributes:
        retires_at: From then on provinces stop running it.
        was: Stage to which it returns where the announcement is cancelled.
        successor_capability: What subscribers should move to; with its version.
        done_at: When it was withdrawn; None while the notice runs.
    """

    capability: str
    version: str
    retires_at: datetime
    reason: str
    announced_by: str
    announced_at: datetime
    was: Stage
    successor_capability: str | None = None
    successor_version: str | None = None
    done_at: datetime | None = None
