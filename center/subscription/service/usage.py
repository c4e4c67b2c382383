"""How much of a quota was called, by day of the province's zone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from center.identity.store import PlaceStore
from center.subscription.domain import Subscription

DAYS_SHOWN = 14

DailyCalls = Callable[[Session, str, str, str, Sequence[tuple[datetime, datetime]]], list[int]]
"""Counts an application's calls of a capability in each span of time; a domain above does, and
`center.app` passes it in."""


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """What was called of a quota.

    Attributes:
        zone: Time zone whose days the quota counts.
        resets_at: When the present day ends.
        days: Each day's calls, oldest first; the present one is the last.
    """

    daily_quota: int
    zone: str
    resets_at: datetime
    days: tuple[tuple[date, int], ...]


def usage_of(
    session: Session, item: Subscription, daily_calls: DailyCalls, now: datetime
) -> QuotaUse:
    """Return what a subscription called today and on the days before.

    Args:
        session: Open transaction.
        item: The subscription.
        daily_calls: Counts calls.
        now: Ends the last day.
    """
    zone = PlaceStore(session).get(item.province).zone
    days = _last_days(ZoneInfo(zone), now)
    calls = daily_calls(session, item.province, item.application, item.capability, days)
    dates = [begins.astimezone(ZoneInfo(zone)).date() for begins, _ in days]
    return QuotaUse(
        daily_quota=item.terms.daily_quota,
        zone=zone,
        resets_at=days[-1][1],
        days=tuple(zip(dates, calls, strict=True)),
    )


def _last_days(zone: ZoneInfo, now: datetime) -> list[tuple[datetime, datetime]]:
    today = now.astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -2, -1)]
    # Through the calendar, not by 24 hours: a day may have another length.
    midnights = [
        datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in dates
    ]
    return list(pairwise(midnights))
