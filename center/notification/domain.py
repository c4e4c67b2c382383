"""Who hears of what, by which way, and when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from center.notification.errors import BadRule

ATTEMPTS = 12
"""A delivery that failed so often has failed for good: by then two days have passed."""

_ADDRESS = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,189}"
)
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)
_RANKS = ("critical", "warning", "notice")


class NotificationKind(StrEnum):
    """What somebody may want to hear of."""

    ALARM = "alarm"
    ALARM_OVER = "alarm-over"
    ASSIGNMENT = "assignment"
    INCIDENT = "incident"
    SUBSCRIPTION = "subscription"
    PUBLICATION = "publication"
    DEPLOYMENT = "deployment"
    WORK_ORDER = "work-order"


class Channel(StrEnum):
    """By which way somebody hears."""

    CONSOLE = "console"
    EMAIL = "email"
    WEBHOOK = "webhook"


class Timing(StrEnum):
    """When somebody hears."""

    AT_ONCE = "at-once"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as the audit trail has it.

    Attributes:
        seq: Number of the act in the audit trail; each is told once.
        severity: ``critical``, ``warning``, ``notice``, or empty where it has none.
        concerns: The one person whom it is for; None where it is for whoever may see it.
        link: Path in the console.
    """

    seq: int
    kind: NotificationKind
    act: str
    actor: str
    at: datetime
    says: Mapping[str, str]
    link: str
    severity: str = ""
    province: str = ""
    capability: str = ""
    concerns: str | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON, as webhooks send it."""
        return {
            "seq": self.seq,
            "kind": self.kind,
            "act": self.act,
            "at": self.at.isoformat(),
            "severity": self.severity,
            "province": self.province,
            "capability": self.capability,
            "says": dict(self.says),
            "link": self.link,
        }


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to hear of, and how.

    Attributes:
        kinds: Empty for all of them.
        provinces: Empty for all within reach.
        severity: The least that is told; events without a severity always are.
        target: Address of the e-mail, or id of the webhook; empty for the console.
        quiet_from: Local time from which nothing but critical events is sent; None never.
        zone: IANA name of the person's zone.
        digest_at: Local time of the digest.
    """

    kinds: tuple[NotificationKind, ...] = ()
    provinces: tuple[str, ...] = ()
    severity: str = "warning"
    channel: Channel = Channel.CONSOLE
    target: str = ""
    timing: Timing = Timing.AT_ONCE
    quiet_from: time | None = None
    quiet_to: time | None = None
    zone: str = "Asia/Shanghai"
    digest_at: time = time(8, 0)

    def require_good(self) -> None:
        """Refuse what cannot be followed.

        Raises:
            BadRule: Quiet hours with one end, or a channel without a target.
        """
        if (self.quiet_from is None) is not (self.quiet_to is None):
            raise BadRule("Quiet hours have a beginning and an end.")
        if self.channel is Channel.EMAIL and not _ADDRESS.fullmatch(self.target):
            raise BadRule("An e-mail needs one plain address, such as li.na@example.org.")
        if self.channel is Channel.WEBHOOK and not self.target:
            raise BadRule("Name one of your webhooks.")

    def wants(self, event: Event) -> bool:
        """Tell whether an event is one of those."""
        return (
            (not self.kinds or event.kind in self.kinds)
            and (not self.provinces or event.province in self.provinces)
            and (not event.severity or _rank(event.severity) <= _rank(self.severity))
        )

    def due(self, event: Event, now: datetime) -> datetime:
        """Return when an event is sent: at once, after the quiet hours, or with the next digest."""
        local = now.astimezone(ZoneInfo(self.zone))
        if self.timing is Timing.DIGEST:
            return _next(local, self.digest_at)
        if self.quiet_to is None or event.severity == _RANKS[0] or not self._is_quiet(local.time()):
            return now
        return _next(local, self.quiet_to)

    def _is_quiet(self, at: time) -> bool:
        begins, ends = self.quiet_from, self.quiet_to
        if begins is None or ends is None or begins == ends:
            return False
        return begins <= at < ends if begins < ends else at >= begins or at < ends


@dataclass(frozen=True, slots=True)
class Rule:
    """One wish of one person."""

    id: str
    owner: str
    wish: Wish
    revision: int = 1


CONSOLE_BY_DEFAULT = Wish()
"""What people hear in the console who have not said what they want to hear there."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What somebody heard of in the console; ``event`` is `Event.plain`."""

    id: int
    at: datetime
    event: Mapping[str, Any]
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes one person's notifications; the secret is sealed."""

    id: str
    owner: str
    name: str
    url: str
    sealed: bytes
    created_at: datetime


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to send to somebody outside; receivers tell repetitions by its id.

    Attributes:
        slot: One for each rule and event, or for each rule and digest: each is made once.
        next_at: When it is sent, or tried again.
        error: Why the last attempt failed; never a secret.
    """

    id: str
    owner: str
    channel: Channel
    target: str
    slot: str
    events: tuple[Mapping[str, Any], ...]
    created_at: datetime
    next_at: datetime
    attempts: int = 0
    state: DeliveryState = DeliveryState.WAITING
    error: str = ""
    sent_at: datetime | None = None

    def sent(self, at: datetime) -> Self:
        """Return it delivered."""
        return replace(
            self,
            state=DeliveryState.SENT,
            sent_at=at,
            attempts=self.attempts + 1,
            error="",
        )

    def dropped(self, at: datetime) -> Self:
        """Return it given up, unsent: its owner may not have it any more."""
        return self.failed("whoever it is for cannot sign in any more", at, for_good=True)

    def failed(self, why: str, at: datetime, *, for_good: bool) -> Self:
        """Return it to be tried again later, twice as late each time; or given up."""
        attempts = self.attempts + 1
        over = for_good or attempts >= ATTEMPTS
        wait = min(_FIRST_WAIT * 2**self.attempts, _LONGEST_WAIT)
        return replace(
            self,
            state=DeliveryState.FAILED if over else DeliveryState.WAITING,
            attempts=attempts,
            error=why[:500],
            next_at=at + wait,
        )


def _rank(severity: str) -> int:
    return _RANKS.index(severity) if severity in _RANKS else len(_RANKS)


def _next(local: datetime, at: time) -> datetime:
    """Return the next moment at a local time, UTC."""
    today = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    moment = today if today > local else today + timedelta(days=1)
    return moment.astimezone(UTC)
