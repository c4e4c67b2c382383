"""What happened to subscriptions, in order: their history, and what others notify people about.

Whoever follows it reads `after` the last ``seq`` that it has seen; numbers only grow, but two
transactions may commit in the other order, so a follower looks back a few seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.columns import Json, Key, Serial, UtcDateTime
from center.database import Base
from center.paging import Page, Paging, fetch_page, map_page
from center.subscription.domain import Subscription, SubscriptionEventKind


class SubscriptionEventRow(Base):
    """One event of one subscription; written once."""

    __tablename__ = "subscription_event"

    seq: Mapped[int] = mapped_column(Serial, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[str] = mapped_column(Key)
    subscription: Mapped[str] = mapped_column(Key, index=True)
    application: Mapped[str] = mapped_column(Key)
    province: Mapped[str] = mapped_column(Key)
    capability: Mapped[str] = mapped_column(Key)
    actor: Mapped[str] = mapped_column(Key)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)


@dataclass(frozen=True, slots=True)
class SubscriptionEvent:
    """One event.

    Attributes:
        actor: Who acted; a plan, or the worker, where nobody did.
        detail: JSON values that explain it, such as an end or a share of the quota.
    """

    seq: int
    at: datetime
    kind: SubscriptionEventKind
    subscription: str
    application: str
    province: str
    capability: str
    actor: str
    detail: dict[str, Any]


class EventStore:
    """Events of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        item: Subscription,
        kind: SubscriptionEventKind,
        actor: str,
        at: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep an event, within the transaction of what happened."""
        self._session.add(
            SubscriptionEventRow(
                at=at,
                kind=kind,
                subscription=item.id,
                application=item.application,
                province=item.province,
                capability=item.capability,
                actor=actor,
                detail=dict(detail or {}),
            )
        )
        self._session.flush()

    def page(self, subscription: str, paging: Paging) -> Page[SubscriptionEvent]:
        """Return a page of a subscription's history, newest first."""
        row = SubscriptionEventRow
        statement = select(row).where(row.subscription == subscription)
        page = fetch_page(self._session, statement, paging, key=[row.seq], descending=True)
        return map_page(page, _to_event)

    def after(self, seq: int, limit: int) -> list[SubscriptionEvent]:
        """Return what happened after an event, oldest first."""
        row = SubscriptionEventRow
        statement = select(row).where(row.seq > seq).order_by(row.seq).limit(limit)
        return [_to_event(found) for found in self._session.scalars(statement)]


def _to_event(row: SubscriptionEventRow) -> SubscriptionEvent:
    return SubscriptionEvent(
        seq=row.seq,
        at=row.at,
        kind=SubscriptionEventKind(row.kind),
        subscription=row.subscription,
        application=row.application,
        province=row.province,
        capability=row.capability,
        actor=row.actor,
        detail=row.detail,
    )
