"""What time does to subscriptions: they begin, near their end or their quota, and expire."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from capability_sdk.kit.clock import Clock
from center.database import Database
from center.identity.store import PlaceStore
from center.permissions import WORKER
from center.subscription.domain import Act, Subscription, SubscriptionEventKind
from center.subscription.service.decisions import settle
from center.subscription.store import EventStore, SubscriptionStore

WARNED_BEFORE_END = timedelta(days=14)
SHARES_WARNED_OF = (100, 80)
"""Percent of a day's quota at which its people are told, highest first."""

CallsSince = Callable[[Session, Collection[str], datetime], Mapping[tuple[str, str], int]]
"""Calls of applications to capabilities in some provinces since a moment, which a domain above
counts; `center.worker` passes it in."""


@dataclass(frozen=True, slots=True)
class Duties:
    """Moves subscriptions whose date has come, and tells of what comes near."""

    database: Database
    calls_since: CallsSince
    clock: Clock

    def run(self) -> bool:
        """Do one round; True where more is due than one round takes."""
        now = self.clock()
        with self.database.session() as session:
            moved = _move(session, now)
            _warn_of_ends(session, now)
        return moved

    def warn_of_quotas(self) -> bool:
        """Tell of quotas of the day that are nearly or wholly used; once each."""
        now = self.clock()
        with self.database.session() as session:
            for zone, provinces in _zones(session):
                day = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
                calls = self.calls_since(session, provinces, day.astimezone(UTC))
                _warn_of_quotas(session, provinces, calls, day.date().isoformat(), now)
        return False


def _move(session: Session, now: datetime) -> bool:
    store = SubscriptionStore(session)
    # What begins and ends in one round has to begin first.
    due = [(Act.BEGIN, item) for item in store.to_begin(now)]
    for act, was in due:
        settle(session, WORKER, was, was.after(act, WORKER.name, now), act, now)
    over = [(Act.EXPIRE, item) for item in store.to_expire(now)]
    for act, was in over:
        settle(session, WORKER, was, was.after(act, WORKER.name, now), act, now)
    return bool(due or over)


def _warn_of_ends(session: Session, now: datetime) -> None:
    store = SubscriptionStore(session)
    for item in store.to_warn_of_end(now + WARNED_BEFORE_END):
        ends = item.period.ends_at
        detail = {"ends_at": None if ends is None else ends.isoformat()}
        EventStore(session).add(item, SubscriptionEventKind.NEARS_EXPIRY, WORKER.name, now, detail)
        store.note_warned_of_end(item)


def _warn_of_quotas(
    session: Session,
    provinces: Collection[str],
    calls: Mapping[tuple[str, str], int],
    day: str,
    now: datetime,
) -> None:
    store = SubscriptionStore(session)
    for item, warned in store.active_in(provinces):
        used = calls.get((item.application, item.capability), 0)
        share = _share_reached(used, item)
        if share is None or share <= _share_told(warned, day):
            continue
        kind = (
            SubscriptionEventKind.QUOTA_USED_UP
            if share == SHARES_WARNED_OF[0]
            else SubscriptionEventKind.NEARS_QUOTA
        )
        detail = {"day": day, "used": used, "daily_quota": item.terms.daily_quota}
        EventStore(session).add(item, kind, WORKER.name, now, detail)
        store.note_warned_of_quota(item, f"{day} {share}")


def _share_reached(used: int, item: Subscription) -> int | None:
    quota = item.terms.daily_quota
    return next((share for share in SHARES_WARNED_OF if used * 100 >= quota * share), None)


def _share_told(warned: str | None, day: str) -> int:
    told, _, share = (warned or "").rpartition(" ")
    return int(share) if told == day else 0


def _zones(session: Session) -> Iterator[tuple[ZoneInfo, list[str]]]:
    """Yield the provinces by their time zone, whose midnight their quotas begin at."""
    places = sorted(PlaceStore(session).all(), key=lambda place: place.zone)
    for zone, found in groupby(places, key=lambda place: place.zone):
        yield ZoneInfo(zone), [place.name for place in found]
