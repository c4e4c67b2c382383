"""Content that nobody approved: an instance runs other digests than were released."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.identity.store import PlaceStore
from center.instance.consistency import Line, Verdict, compare


def _find(session: Session, now: datetime) -> Iterator[Finding]:
    for province in PlaceStore(session).names():
        wrong: dict[str, list[Line]] = {}
        for line in compare(session, province, now):
            if line.verdict is Verdict.DIFFERENT:
                wrong.setdefault(line.capability, []).append(line)
        for capability, lines in wrong.items():
            yield _finding(province, capability, lines)


def _finding(province: str, capability: str, lines: list[Line]) -> Finding:
    versions = ", ".join(line.version for line in lines)
    return Finding(
        rule=RuleName.DIGEST_MISMATCH,
        severity=Severity.CRITICAL,
        province=province,
        capability=capability,
        says={
            "zh": f"{versions} 运行的内容与批准的不一致",
            "en": f"What runs as {versions} is not what was approved.",
        },
        evidence={
            "versions": [
                {
                    "version": line.version,
                    "code_digests": line.code_digests,
                    "weights_digests": line.weights_digests,
                }
                for line in lines
            ]
        },
    )


RULE = Rule(RuleName.DIGEST_MISMATCH, _find, every=timedelta(seconds=30))
