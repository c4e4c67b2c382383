"""The worker's other round: deliveries leave the center, are tried again, or are given up.

A delivery is marked after it was sent, so one whose mark was lost is sent again, with the same id:
its receiver tells that it has it already.
"""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from capability_sdk.kit.clock import Clock
from center.adapters.mail import Mail, NotMailed
from center.adapters.webhooks import NotDelivered, Webhooks
from center.database import Database
from center.identity.domain import UserState
from center.identity.store import UserStore
from center.notification.domain import Channel, Delivery
from center.notification.errors import AddressRefused
from center.notification.store import DeliveryStore, WebhookStore

_EACH = 2
"""Deliveries of one person in a row: whose receivers are slow delays nobody else for long."""

_log = logging.getLogger(__name__)

OpenSecret = Callable[[bytes, str], str]
"""Opens what the vault sealed under an id."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What the center sends by; None where nobody configured it."""

    open_secret: OpenSecret
    public_url: str
    mail: Mail | None = None
    webhooks: Webhooks | None = None

    def send(self, item: Delivery, webhook: tuple[str, str] | None, at: datetime) -> None:
        """Send a delivery once.

        Args:
            item: What to send.
            webhook: Its URL and secret, where it goes to one that still exists.
            at: The moment that the signature names.

        Raises:
            AddressRefused: The address is not one that the center calls.
            NotDelivered: The webhook did not take it, or is gone.
            NotMailed: The mail server did not take it.
        """
        if item.channel is Channel.EMAIL:
            if self.mail is None:
                raise NotMailed("no mail server is configured")
            subject, text = self._letter(item)
            self.mail.send(item.target, subject, text, item.id)
            return
        if self.webhooks is None or webhook is None:
            raise NotDelivered("webhooks are off, or this one is gone")
        url, secret = webhook
        body = json.dumps({"id": item.id, "events": list(item.events)}, ensure_ascii=False).encode()
        self.webhooks.post(url, body, signed_headers(secret, item.id, at, body))

    def _letter(self, item: Delivery) -> tuple[str, str]:
        first = item.events[0]["says"]
        more = f" (+{len(item.events) - 1})" if len(item.events) > 1 else ""
        lines = [
            f"{event['says']['zh']}\n{event['says']['en']}\n{event['province']}"
            f" {event['capability']} {event['at']}\n{self.public_url}{event['link']}"
            for event in item.events
        ]
        # Whatever ends a line somewhere, such as U+2028, is no part of a header.
        subject = " ".join(f"九州 Jiuzhou: {first['zh']}{more}".split())
        return subject[:200], "\n\n".join(lines) + "\n"


def signed_headers(secret: str, delivery: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers by which a receiver tells that a body is ours, and new.

    Source:
        Standard Webhooks, https://www.standardwebhooks.com: HMAC-SHA256 over id, time and body.
    """
    stamp = str(int(at.timestamp()))
    signed = f"{delivery}.{stamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mark = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "Jiuzhou-Webhooks/1",
        "webhook-id": delivery,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{mark}",
    }


@dataclass(frozen=True, slots=True)
class Sending:
    """A job of the worker."""

    database: Database
    outgoing: Outgoing
    clock: Clock

    def run(self) -> bool:
        """Send what is due, each outside of any transaction; False where nothing was."""
        with self.database.session(write=False) as session:
            due = DeliveryStore(session).due(self.clock(), _EACH)
        for item in due:
            self._try(item)
        return bool(due)

    def _try(self, item: Delivery) -> None:
        now = self.clock()
        after = self._sent(item, now) if self._is_wanted(item) else item.dropped(now)
        with self.database.session() as session:
            DeliveryStore(session).put(after)

    def _sent(self, item: Delivery, now: datetime) -> Delivery:
        webhook = self._webhook(item)
        try:
            self.outgoing.send(item, webhook, now)
        except (NotDelivered, NotMailed) as error:
            return item.failed(str(error), now, for_good=False)
        except AddressRefused as error:
            return item.failed(str(error), now, for_good=True)
        except Exception as error:  # noqa: BLE001 - one bad delivery must not hold up the others
            # It could not even be put into a message.
            _log.exception("delivery %s cannot be sent", item.id)
            return item.failed(f"{type(error).__name__} while it was made", now, for_good=False)
        return item.sent(now)

    def _is_wanted(self, item: Delivery) -> bool:
        """Tell whether its owner can sign in still; nothing leaves to who was shut out since."""
        with self.database.session(write=False) as session:
            return UserStore(session).get(item.owner).state is UserState.ACTIVE

    def _webhook(self, item: Delivery) -> tuple[str, str] | None:
        if item.channel is not Channel.WEBHOOK:
            return None
        with self.database.session(write=False) as session:
            row = WebhookStore(session).find(item.target)
            if row is None or row.owner != item.owner:
                return None
            return row.url, self.outgoing.open_secret(row.sealed, row.id)
