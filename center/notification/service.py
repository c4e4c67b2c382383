"""What people set and read of their own notifications."""

import base64
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from center.access.vault import Vault
from center.adapters.webhooks import Webhooks
from center.identity import audit
from center.identity.domain import new_id
from center.notification.domain import (
    Channel,
    Delivery,
    Event,
    Notification,
    NotificationKind,
    Rule,
    Webhook,
    Wish,
)
from center.notification.errors import ChannelOff, TooManyRules, WebhookInUse
from center.notification.store import DeliveryStore, InboxStore, RuleStore, WebhookStore
from center.paging import Page, Paging
from center.permissions import Actor
from center.preconditions import require_match

_SECRET_BYTES = 32
MOST = 50
"""Rules that one person may have, and webhooks: each is looked at for each thing that happens."""
_ALL = Paging(limit=MOST)


@dataclass(frozen=True, slots=True)
class Channels:
    """What the center sends by.

    Attributes:
        email: Whether a mail server is configured.
        webhooks: None where they are off.
    """

    email: bool
    webhooks: Webhooks | None

    def require(self, channel: Channel) -> None:
        """Refuse a channel that leads nowhere.

        Raises:
            ChannelOff: Nobody has configured it.
        """
        if channel is Channel.EMAIL and not self.email:
            raise ChannelOff(
                "No mail server is configured: the center's operator sets CENTER_SMTP_HOST."
            )
        if channel is Channel.WEBHOOK and self.webhooks is None:
            raise ChannelOff("Webhooks are off: the center's operator sets CENTER_WEBHOOKS.")


def inbox(session: Session, actor: Actor, paging: Paging, *, unread: bool) -> Page[Notification]:
    """Return a page of one's own notifications, newest first."""
    return InboxStore(session).page(actor.name, paging, unread=unread)


def add_rule(session: Session, actor: Actor, channels: Channels, wish: Wish) -> Rule:
    """Say what one wants to hear of, and how.

    Raises:
        BadRule: Its channel lacks what it needs.
        ChannelOff: Nobody has configured its channel.
        TooManyRules: They have as many as one may have.
        WebhookNotFound: It names another's webhook.
    """
    if RuleStore(session).page(actor.name, _ALL).total >= MOST:
        raise TooManyRules(f"You have {MOST} rules: change or remove one of them.")
    rule = Rule(new_id("rule"), actor.name, wish)
    _put(session, actor, channels, rule)
    return rule


def change_rule(
    session: Session,
    actor: Actor,
    channels: Channels,
    rule_id: str,
    wish: Wish,
    *,
    if_match: str | None,
) -> Rule:
    """Change one's own rule.

    Raises:
        RuleNotFound: There is none.
        PreconditionFailed: It was changed since.
        BadRule: Its channel lacks what it needs.
    """
    was = RuleStore(session).get(rule_id, actor.name)
    require_match(if_match, was.revision)
    rule = replace(was, wish=wish, revision=was.revision + 1)
    _put(session, actor, channels, rule)
    return rule


def drop_rule(session: Session, actor: Actor, rule_id: str) -> None:
    """Forget one's own rule.

    Raises:
        RuleNotFound: There is none.
    """
    RuleStore(session).drop(RuleStore(session).get(rule_id, actor.name).id)


def test_rule(
    session: Session, actor: Actor, channels: Channels, rule_id: str, now: datetime
) -> None:
    """Send something by a rule's way at once; asked for again in the same minute, it is sent once.

    Raises:
        RuleNotFound: There is none.
        ChannelOff: Nobody has configured its channel.
    """
    rule = RuleStore(session).get(rule_id, actor.name)
    channels.require(rule.wish.channel)
    event = Event(
        seq=-int(now.timestamp() * 1000),  # no act of the trail has such a number
        kind=NotificationKind.ALARM,
        act="notification.test",
        actor=actor.name,
        at=now,
        says={"zh": "这是一条测试通知", "en": "This is a test."},
        link="/notifications",
    )
    if rule.wish.channel is Channel.CONSOLE:
        InboxStore(session).add(actor.name, event)
        return
    store, slot = DeliveryStore(session), f"test {rule_id} {now:%FT%H:%M}"
    if store.has(slot):
        return
    store.put(
        Delivery(
            id=new_id("delivery"),
            owner=actor.name,
            channel=rule.wish.channel,
            target=rule.wish.target,
            slot=slot,
            events=(event.plain(),),
            created_at=now,
            next_at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook with the secret that is shown once."""

    webhook: Webhook
    secret: str


def add_webhook(
    session: Session,
    actor: Actor,
    channels: Channels,
    vault: Vault,
    named: tuple[str, str],
    now: datetime,
) -> NewWebhook:
    """Add an address that takes one's notifications.

    Args:
        session: Open transaction.
        actor: Whose it will be.
        channels: What the center sends by.
        vault: Seals the secret.
        named: Name and URL.
        now: The moment.

    Raises:
        AddressRefused: The center does not call such an address.
        ChannelOff: Webhooks are off.
        TooManyRules: They have as many as one may have.
    """
    if WebhookStore(session).page(actor.name, _ALL).total >= MOST:
        raise TooManyRules(f"You have {MOST} webhooks: remove one of them.")
    channels.require(Channel.WEBHOOK)
    name, url = named
    if channels.webhooks is not None:
        channels.webhooks.check(url)
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"
    identifier = new_id("webhook")
    item = Webhook(
        id=identifier,
        owner=actor.name,
        name=name,
        url=url,
        sealed=vault.seal_text(secret, identifier),
        created_at=now,
    )
    WebhookStore(session).add(item)
    audit.record(session, actor, "webhook.added", f"webhook/{identifier}", {"name": name}, at=now)
    return NewWebhook(item, secret)


def drop_webhook(session: Session, actor: Actor, webhook: str, now: datetime) -> None:
    """Forget one's own webhook.

    Raises:
        WebhookNotFound: There is none.
        WebhookInUse: A rule names it.
    """
    store = WebhookStore(session)
    row = store.get(webhook, actor.name)
    rules = RuleStore(session).page(actor.name, _ALL).items
    if any(rule.wish.target == row.id for rule in rules):
        raise WebhookInUse("Change or remove the rules that name this webhook first.")
    store.drop(row.id)
    audit.record(session, actor, "webhook.removed", f"webhook/{row.id}", at=now)


def _put(session: Session, actor: Actor, channels: Channels, rule: Rule) -> None:
    rule.wish.require_good()
    channels.require(rule.wish.channel)
    if rule.wish.channel is Channel.WEBHOOK:
        WebhookStore(session).get(rule.wish.target, actor.name)
    RuleStore(session).put(rule)
