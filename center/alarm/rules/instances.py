"""Instances that fail, or start again and again, by the newest health report of each province."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from capability_sdk.contracts.nodes import InstanceHealth, InstanceStatus
from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.operations.rows import ProvinceHealthRow

RESTARTS = 3
"""Of an instance that is not ready: it will hardly become so by itself."""

BELIEVED = timedelta(minutes=10)
"""Age of a report that says nothing about now any more; the edge's silence is an alarm by itself."""


def _find(session: Session, now: datetime) -> Iterator[Finding]:
    row = ProvinceHealthRow
    statement = select(row.province, row.report).where(row.received_at >= now - BELIEVED)
    for province, report in session.execute(statement):
        by_capability: dict[str, list[InstanceStatus]] = {}
        for plain in report.get("instances", []):
            instance = InstanceStatus.model_validate(plain)
            by_capability.setdefault(instance.capability, []).append(instance)
        for capability, instances in by_capability.items():
            troubled = [item for item in instances if _is_in_trouble(item)]
            if troubled:
                yield _finding(province, capability, instances, troubled)


def _is_in_trouble(item: InstanceStatus) -> bool:
    if item.health is InstanceHealth.FAILED:
        return True
    return item.restarts >= RESTARTS and item.health is not InstanceHealth.READY


def _finding(
    province: str, capability: str, instances: list[InstanceStatus], troubled: list[InstanceStatus]
) -> Finding:
    ready = sum(item.health is InstanceHealth.READY for item in instances)
    return Finding(
        rule=RuleName.INSTANCE_FAILING,
        severity=Severity.WARNING if ready else Severity.CRITICAL,
        province=province,
        capability=capability,
        says={
            "zh": f"{len(instances)} 个实例中 {len(troubled)} 个失败或反复重启，{ready} 个就绪",
            "en": f"{len(troubled)} of {len(instances)} instances fail or keep restarting;"
            f" {ready} are ready.",
        },
        evidence={
            "ready": ready,
            "instances": [
                {
                    "id": item.id,
                    "node": item.node,
                    "version": item.version,
                    "health": item.health,
                    "restarts": item.restarts,
                    "detail": item.detail[:500],
                }
                for item in troubled[:20]
            ],
        },
    )


RULE = Rule(RuleName.INSTANCE_FAILING, _find, every=timedelta(seconds=5))
