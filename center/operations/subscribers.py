"""Answered calls of one application to one capability, as its subscription shows them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.operations.rows import UsageHourRow, answered


def calls_since(
    session: Session, provinces: Collection[str], since: datetime
) -> Mapping[tuple[str, str], int]:
    """Return the answered calls in some provinces since a moment, by application and capability."""
    row = UsageHourRow
    statement = (
        select(row.application, row.capability, func.sum(answered(row)))
        .where(row.province.in_(provinces), row.hour >= since)
        .group_by(row.application, row.capability)
    )
    return {(name, capability): int(n) for name, capability, n in session.execute(statement)}


def daily_calls(
    session: Session,
    province: str,
    application: str,
    capability: str,
    days: Sequence[tuple[datetime, datetime]],
) -> list[int]:
    """Count answered calls of a province's application to a capability in spans that are in order."""
    row = UsageHourRow
    statement = (
        select(row.hour, func.sum(answered(row)))
        .where(
            row.province == province,  # the primary key begins with it
            row.application == application,
            row.capability == capability,
            row.hour >= days[0][0],
            row.hour < days[-1][1],
        )
        .group_by(row.hour)
    )
    hours = [(hour, int(calls)) for hour, calls in session.execute(statement)]
    return [sum(n for hour, n in hours if begins <= hour < ends) for begins, ends in days]
