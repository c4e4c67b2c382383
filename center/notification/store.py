"""Every query about rules, notifications, webhooks and deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from center.identity.audit import AuditHeadRow, AuditRow
from center.notification.domain import (
    Channel,
    Delivery,
    DeliveryState,
    Event,
    Notification,
    Rule,
    Webhook,
    Wish,
)
from center.notification.errors import NotificationNotFound, RuleNotFound, WebhookNotFound
from center.notification.rows import (
    CursorRow,
    DeliveryRow,
    NotificationRow,
    RuleRow,
    WebhookRow,
)
from center.paging import Page, Paging, fetch_page, map_page

_ONLY = 1
_WISH = TypeAdapter(Wish)


class RuleStore:
    """Rules of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, rule: Rule) -> None:
        """Keep a rule, new or changed."""
        plain = _WISH.dump_python(rule.wish, mode="json")
        self._session.merge(
            RuleRow(id=rule.id, owner=rule.owner, wish=plain, revision=rule.revision)
        )
        self._session.flush()

    def get(self, rule_id: str, owner: str) -> Rule:
        """Return somebody's own rule, locked until the transaction ends.

        Raises:
            RuleNotFound: They have none of this id.
        """
        row = self._session.scalar(
            select(RuleRow).where(RuleRow.id == rule_id, RuleRow.owner == owner).with_for_update()
        )
        if row is None:
            raise RuleNotFound(f"You have no rule {rule_id}.")
        return _to_rule(row)

    def drop(self, rule_id: str) -> None:
        """Forget a rule."""
        self._session.execute(delete(RuleRow).where(RuleRow.id == rule_id))

    def page(self, owner: str, paging: Paging) -> Page[Rule]:
        """Return a page of somebody's rules."""
        statement = select(RuleRow).where(RuleRow.owner == owner)
        return map_page(fetch_page(self._session, statement, paging, key=[RuleRow.id]), _to_rule)

    def by_owner(self) -> dict[str, list[Rule]]:
        """Return everybody's rules."""
        found: dict[str, list[Rule]] = {}
        for row in self._session.scalars(select(RuleRow).order_by(RuleRow.id)):
            found.setdefault(row.owner, []).append(_to_rule(row))
        return found


class InboxStore:
    """What people heard of in the console."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, owner: str, event: Event) -> None:
        """Tell somebody in the console."""
        self._session.add(
            NotificationRow(owner=owner, seq=event.seq, at=event.at, event=event.plain())
        )

    def page(self, owner: str, paging: Paging, *, unread: bool) -> Page[Notification]:
        """Return a page of somebody's notifications, newest first."""
        statement = select(NotificationRow).where(NotificationRow.owner == owner)
        if unread:
            statement = statement.where(NotificationRow.read_at.is_(None))
        key = [NotificationRow.id]
        page = fetch_page(self._session, statement, paging, key=key, descending=True)
        return map_page(page, _to_notification)

    def count_unread(self, owner: str) -> int:
        """Count what somebody has not read."""
        row = NotificationRow
        statement = select(func.count()).where(row.owner == owner, row.read_at.is_(None))
        return self._session.scalar(statement) or 0

    def read(self, owner: str, notification: int, at: datetime) -> None:
        """Note that somebody has read a notification.

        Raises:
            NotificationNotFound: They have none of this id.
        """
        row = self._session.get(NotificationRow, notification)
        if row is None or row.owner != owner:
            raise NotificationNotFound(f"You have no notification {notification}.")
        row.read_at = row.read_at or at

    def read_all(self, owner: str, at: datetime) -> int:
        """Note that somebody has read everything; return how much that was."""
        row = NotificationRow
        done = self._session.execute(
            update(row).where(row.owner == owner, row.read_at.is_(None)).values(read_at=at)
        )
        return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has it

    def forget(self, before: datetime) -> None:
        """Delete what is older than a moment."""
        self._session.execute(delete(NotificationRow).where(NotificationRow.at < before))


class WebhookStore:
    """Webhooks of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: Webhook) -> None:
        """Keep a new webhook."""
        self._session.add(WebhookRow(**asdict(item)))
        self._session.flush()

    def get(self, webhook: str, owner: str) -> Webhook:
        """Return somebody's own webhook.

        Raises:
            WebhookNotFound: They have none of this id.
        """
        found = self.find(webhook)
        if found is None or found.owner != owner:
            raise WebhookNotFound(f"You have no webhook {webhook}.")
        return found

    def find(self, webhook: str) -> Webhook | None:
        """Return a webhook."""
        row = self._session.get(WebhookRow, webhook)
        return None if row is None else _to_webhook(row)

    def drop(self, webhook: str) -> None:
        """Forget a webhook."""
        self._session.execute(delete(WebhookRow).where(WebhookRow.id == webhook))

    def page(self, owner: str, paging: Paging) -> Page[Webhook]:
        """Return a page of somebody's webhooks."""
        statement = select(WebhookRow).where(WebhookRow.owner == owner)
        page = fetch_page(self._session, statement, paging, key=[WebhookRow.id])
        return map_page(page, _to_webhook)


class DeliveryStore:
    """What is sent to somebody outside."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, item: Delivery) -> None:
        """Keep a delivery, new or changed."""
        values = asdict(item)
        values["events"] = [dict(event) for event in item.events]
        self._session.merge(DeliveryRow(**values))
        self._session.flush()

    def has(self, slot: str) -> bool:
        """Tell whether something was made for a slot."""
        row = DeliveryRow
        return self._session.scalar(select(row.id).where(row.slot == slot)) is not None

    def append(self, slot: str, event: Event) -> bool:
        """Add an event to a digest that waits; False where there is none."""
        row = self._session.scalar(
            select(DeliveryRow)
            .where(DeliveryRow.slot == slot, DeliveryRow.state == DeliveryState.WAITING)
            .with_for_update()
        )
        if row is None:
            return False
        row.events = [*row.events, event.plain()]
        return True

    def due(self, now: datetime, each: int) -> list[Delivery]:
        """Return what is to be sent now, the longest due first; of one person so many at most."""
        row = DeliveryRow
        turn = func.row_number().over(partition_by=row.owner, order_by=(row.next_at, row.id))
        waiting = select(row.id, turn.label("turn")).where(
            row.state == DeliveryState.WAITING, row.next_at <= now
        )
        turns = waiting.subquery()
        statement = select(row).join(turns, turns.c.id == row.id).where(turns.c.turn <= each)
        rows = self._session.scalars(statement.order_by(row.next_at, row.id))
        return [_to_delivery(found) for found in rows]

    def page(self, owner: str, paging: Paging) -> Page[Delivery]:
        """Return a page of somebody's deliveries, newest first."""
        statement = select(DeliveryRow).where(DeliveryRow.owner == owner)
        key = [DeliveryRow.created_at, DeliveryRow.id]
        page = fetch_page(self._session, statement, paging, key=key, descending=True)
        return map_page(page, _to_delivery)

    def forget(self, before: datetime) -> None:
        """Delete what ended before a moment."""
        row = DeliveryRow
        over = row.state != DeliveryState.WAITING
        self._session.execute(delete(row).where(over, row.created_at < before))


def take_acts(session: Session, limit: int) -> Sequence[AuditRow]:
    """Return the acts that nobody was told of yet, and move on behind them.

    The first time there are none: what happened before is no news.
    """
    cursor = session.get(CursorRow, _ONLY, with_for_update=True)
    if cursor is None:
        last = session.scalar(select(AuditHeadRow.seq)) or 0
        session.add(CursorRow(id=_ONLY, seq=last))
        return []
    statement = select(AuditRow).where(AuditRow.seq > cursor.seq).order_by(AuditRow.seq)
    rows = list(session.scalars(statement.limit(limit)))
    if rows:
        cursor.seq = rows[-1].seq
    return rows


def _to_rule(row: RuleRow) -> Rule:
    return Rule(row.id, row.owner, _WISH.validate_python(row.wish), row.revision)


def _to_notification(row: NotificationRow) -> Notification:
    return Notification(row.id, row.at, row.event, row.read_at)


def _to_webhook(row: WebhookRow) -> Webhook:
    return Webhook(**{field.name: getattr(row, field.name) for field in fields(Webhook)})


def _to_delivery(row: DeliveryRow) -> Delivery:
    values: Mapping[str, Any] = {field.name: getattr(row, field.name) for field in fields(Delivery)}
    return Delivery(
        **{
            **values,
            "events": tuple(row.events),
            "channel": Channel(row.channel),
            "state": DeliveryState(row.state),
        }
    )
