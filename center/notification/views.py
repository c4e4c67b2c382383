"""What HTTP shows of notifications, and what it takes."""

from datetime import time
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from capability_sdk.contracts.model import PLAIN_LINE, ProvinceName, Strict, UtcTime
from center.notification.domain import (
    Channel,
    Delivery,
    DeliveryState,
    Notification,
    NotificationKind,
    Rule,
    Timing,
    Wish,
)


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise ValueError("no such time zone") from error


def _without_offset(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("a time by the clock of `zone` has no offset of its own")
    return at


LocalTime = Annotated[
    time,
    AfterValidator(_without_offset),
    WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]", "examples": ["08:00"]}),
]
"""A time of day by the clock of a zone; JSON Schema's own format `time` asks for an offset."""
Zone = Annotated[str, Field(max_length=100), AfterValidator(_known_zone)]


class Words(BaseModel):
    """One sentence in both languages."""

    zh: str
    en: str


class NotificationView(BaseModel):
    """What one heard of in the console."""

    id: int
    at: UtcTime
    kind: NotificationKind
    act: str
    severity: str
    """Empty where it has none."""
    province: str
    capability: str
    says: Words
    link: str
    """Path in the console."""
    read_at: UtcTime | None

    @classmethod
    def of(cls, item: Notification) -> Self:
        """Show a notification."""
        known = {name: item.event[name] for name in ("kind", "act", "severity", "says", "link")}
        places = {name: item.event[name] for name in ("province", "capability")}
        return cls(id=item.id, at=item.at, read_at=item.read_at, **known, **places)


class UnreadView(BaseModel):
    """How much one has not read."""

    count: int


class ReadView(BaseModel):
    """How much is read now that was not before."""

    read: int


class ChannelsView(BaseModel):
    """What the center sends by."""

    email: bool
    webhooks: bool


class RuleBody(Strict):
    """What one wants to hear of, and how."""

    kinds: Annotated[list[NotificationKind], Field(max_length=20)] = []
    """Empty for all of them."""
    provinces: Annotated[list[ProvinceName], Field(max_length=100)] = []
    """Empty for all within reach."""
    severity: Annotated[str, Field(pattern="^(critical|warning|notice)$")] = "warning"
    """The least that is told."""
    channel: Channel = Channel.CONSOLE
    target: Annotated[str, Field(max_length=254, pattern=r"^[^\s\x00]*$")] = ""
    """Address of the e-mail, or id of the webhook."""
    timing: Timing = Timing.AT_ONCE
    quiet_from: LocalTime | None = None
    quiet_to: LocalTime | None = None
    zone: Zone = "Asia/Shanghai"
    digest_at: LocalTime = time(8, 0)

    @property
    def wish(self) -> Wish:
        """The same as a value."""
        members = self.model_dump()
        members |= {"kinds": tuple(self.kinds), "provinces": tuple(self.provinces)}
        return Wish(**members)


class RuleView(RuleBody):
    """One rule."""

    id: str
    revision: int

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """Show a rule."""
        wish = rule.wish
        return cls(
            id=rule.id,
            revision=rule.revision,
            kinds=list(wish.kinds),
            provinces=list(wish.provinces),
            severity=wish.severity,
            channel=wish.channel,
            target=wish.target,
            timing=wish.timing,
            quiet_from=wish.quiet_from,
            quiet_to=wish.quiet_to,
            zone=wish.zone,
            digest_at=wish.digest_at,
        )


class WebhookBody(Strict):
    """An address that takes notifications."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN_LINE)]
    url: Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s\x00]+$")]


class WebhookView(BaseModel):
    """A webhook."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    url: str
    created_at: UtcTime


class NewWebhookView(WebhookView):
    """A new webhook; the secret is shown this once."""

    secret: str


class DeliveryView(BaseModel):
    """Something that was sent, or is to be."""

    id: str
    channel: Channel
    target: str
    events: int
    state: DeliveryState
    attempts: int
    error: str
    created_at: UtcTime
    next_at: UtcTime
    sent_at: UtcTime | None

    @classmethod
    def of(cls, item: Delivery) -> Self:
        """Show a delivery."""
        return cls(
            id=item.id,
            channel=item.channel,
            target=item.target,
            events=len(item.events),
            state=item.state,
            attempts=item.attempts,
            error=item.error,
            created_at=item.created_at,
            next_at=item.next_at,
            sent_at=item.sent_at,
        )
