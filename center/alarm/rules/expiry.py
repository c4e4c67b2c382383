"""Subscriptions that end soon, so that their callers do not find out by being refused."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.alarm.spans import in_words
from center.subscription.domain import Status
from center.subscription.store import SubscriptionRow

AHEAD = timedelta(days=14)
SOON = timedelta(days=3)


def _find(session: Session, now: datetime) -> Iterator[Finding]:
    row = SubscriptionRow
    statement = select(row.province, row.capability, row.id, row.application, row.ends_at).where(
        row.status == Status.ACTIVE, row.ends_at > now, row.ends_at <= now + AHEAD
    )
    by_place: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in session.execute(statement.order_by(row.ends_at)).mappings():
        by_place.setdefault((line["province"], line["capability"]), []).append(dict(line))
    for (province, capability), lines in by_place.items():
        yield _finding(province, capability, lines, now)


def _finding(province: str, capability: str, lines: list[dict[str, Any]], now: datetime) -> Finding:
    first = lines[0]
    zh, en = in_words(first["ends_at"] - now)
    return Finding(
        rule=RuleName.SUBSCRIPTION_EXPIRING,
        severity=Severity.WARNING if first["ends_at"] <= now + SOON else Severity.NOTICE,
        province=province,
        capability=capability,
        says={
            "zh": f"{first['application']} 的订阅 {zh}后到期（共 {len(lines)} 个）",
            "en": f"The subscription of {first['application']} ends in {en}"
            f" ({len(lines)} end soon).",
        },
        evidence={
            "subscriptions": [
                {
                    "subscription": line["id"],
                    "application": line["application"],
                    "ends_at": line["ends_at"].isoformat(),
                }
                for line in lines[:20]
            ]
        },
    )


RULE = Rule(RuleName.SUBSCRIPTION_EXPIRING, _find, every=timedelta(minutes=5))
