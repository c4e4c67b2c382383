"""Subscriptions that have nearly used up the quota of their province's day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.identity.store.places import ProvinceRow
from center.operations.rows import UsageHourRow
from center.subscription.domain import Status
from center.subscription.store import SubscriptionRow

NEAR = 0.9
"""Share of the daily quota."""


def day_began(zone: str, now: datetime) -> datetime:
    """Return when the day of a zone began, UTC."""
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _find(session: Session, now: datetime) -> Iterator[Finding]:
    zones: dict[str, list[str]] = {}
    for name, zone in session.execute(select(ProvinceRow.name, ProvinceRow.zone)):
        zones.setdefault(zone, []).append(name)
    for zone, provinces in zones.items():
        by_place: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for line in _nearly_used(session, provinces, day_began(zone, now)):
            by_place.setdefault((line["province"], line["capability"]), []).append(line)
        for (province, capability), lines in by_place.items():
            yield _finding(province, capability, lines)


def _finding(province: str, capability: str, lines: list[dict[str, Any]]) -> Finding:
    worst = max(lines, key=lambda line: line["used"] / line["daily_quota"])
    share = worst["used"] / worst["daily_quota"]
    return Finding(
        rule=RuleName.QUOTA_NEAR,
        severity=Severity.WARNING if share >= 1 else Severity.NOTICE,
        province=province,
        capability=capability,
        says={
            "zh": f"{worst['application']} 今日已用配额 {share:.0%}（共 {len(lines)} 个订阅超过九成）",
            "en": f"{worst['application']} has used {share:.0%} of today's quota; {len(lines)}"
            " subscriptions are above 90 %.",
        },
        evidence={"subscriptions": lines[:20]},
    )


def _nearly_used(session: Session, provinces: list[str], since: datetime) -> list[dict[str, Any]]:
    row, terms = UsageHourRow, SubscriptionRow
    used = func.sum(row.units)
    statement = (
        select(
            terms.id.label("subscription"),
            *(row.province, row.capability, row.application, terms.daily_quota),
            used.label("used"),
        )
        .join(
            terms,
            (terms.application == row.application) & (terms.capability == row.capability),
        )
        .where(row.hour >= since, row.province.in_(provinces), terms.status == Status.ACTIVE)
        .group_by(terms.id, row.province, row.capability, row.application, terms.daily_quota)
        .having(used >= NEAR * terms.daily_quota)
    )
    found = session.execute(statement).mappings()
    return [{**line, "used": int(line["used"])} for line in found]


RULE = Rule(RuleName.QUOTA_NEAR, _find, every=timedelta(minutes=1))
