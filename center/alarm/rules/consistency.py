"""Content that nobody approved: an instance runs other digests than were released."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.identity.store import PlaceStore
from center.instance.consistency import ConsistencyVerdict, Line, PartLine, compare
from center.instance.content import Part, Tick
from center.instance.overlay_store import OverlayStore

_SETTLED_AFTER: Final = timedelta(minutes=1)
"""What a province takes, at most, to fetch settings, to put them on its disk and to report them."""


def _find(session: Session, now: datetime) -> Iterator[Finding]:
    for province in PlaceStore(session).names():
        wrong: dict[str, list[Line]] = {}
        for line in compare(session, province, now):
            if line.verdict is ConsistencyVerdict.DIFFERENT and not _is_on_its_way(
                session, line, now
            ):
                wrong.setdefault(line.capability, []).append(line)
        for capability, lines in wrong.items():
            yield _finding(province, capability, lines)


def _finding(province: str, capability: str, lines: list[Line]) -> Finding:
    versions = ", ".join(line.version for line in lines)
    parts = sorted({str(part.part) for line in lines for part in _different(line)})
    named = ", ".join(parts) or "code, weights"
    return Finding(
        rule=RuleName.DIGEST_MISMATCH,
        severity=Severity.CRITICAL,
        province=province,
        capability=capability,
        says={
            "zh": f"{versions} 运行的内容与批准的不一致：{named}",
            "en": f"What runs as {versions} is not what was approved: {named}.",
        },
        evidence={
            "parts": [
                {
                    "version": line.version,
                    "part": part.part,
                    "desired": part.desired,
                    "actual": part.actual,
                }
                for line in lines
                for part in _different(line)
            ]
        },
    )


def _is_on_its_way(session: Session, line: Line, now: datetime) -> bool:
    """Whether nothing differs but settings that the province has only just chosen.

    A version's other parts never change: where they differ, nobody approved what lies there.
    """
    if [part.part for part in _different(line)] != [Part.OVERLAY]:
        return False
    choice = OverlayStore(session).newest(line.province, line.capability)
    reported_at = now - timedelta(seconds=line.age_seconds or 0.0)
    return choice is not None and reported_at < choice.changed_at + _SETTLED_AFTER


def _different(line: Line) -> list[PartLine]:
    return [part for part in line.parts if part.tick is Tick.DIFFERENT]


RULE = Rule(RuleName.DIGEST_MISMATCH, _find, every=timedelta(seconds=10))
