"""Asking for something, working on it, and ending it."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import InvalidInput, NotPermitted
from center.identity.audit import record
from center.identity.domain import UserState, new_id
from center.identity.store import UserStore
from center.paging import Page, Paging
from center.permissions import Actor, ActorKind, Permission, Role
from center.preconditions import require_match
from center.work_order.domain import DUE_WITHIN, GENERATED, Entry, Step, WorkOrder, WorkOrderKind
from center.work_order.store import Sight, Wanted, WorkOrderStore


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for by hand."""

    kind: WorkOrderKind
    title: str
    text: str
    province: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Doing:
    """A step on an order.

    Attributes:
        text: Words that go with it.
        assignee: Whom it is given to, for `Step.ASSIGN`.
        if_match: State that it was decided for.
    """

    step: Step
    text: str = ""
    assignee: str | None = None
    if_match: str | None = None


def sight_of(actor: Actor) -> Sight:
    """Tell which orders somebody sees: their own, those of their provinces, an admin's all."""
    provinces = () if actor.role is Role.ENGINEER else actor.provinces
    return Sight(actor.name, actor.is_admin, provinces, actor.is_narrowed)


def open_order(session: Session, actor: Actor, wish: Request, now: datetime) -> WorkOrder:
    """Ask for something that no act of the platform asks for by itself.

    Raises:
        InvalidInput: The kind opens by itself, or it would be due in the past.
        NotPermitted: It is for a province out of reach.
    """
    if wish.kind in GENERATED:
        raise InvalidInput(f"A work order of the kind {wish.kind} opens with the request itself.")
    if wish.due_at is not None and wish.due_at <= now:
        raise InvalidInput("due_at lies in the past.")
    if wish.province is not None:
        actor.require_province(wish.province)
    item = WorkOrder(
        id=new_id("order"),
        kind=wish.kind,
        title=wish.title,
        subject="",
        province=wish.province,
        organisation=actor.organisation,
        requested_by=actor.name,
        requested_at=now,
        due_at=wish.due_at or now + DUE_WITHIN[wish.kind],
    )
    WorkOrderStore(session).add(item, Entry(now, actor.name, Step.OPEN, wish.text))
    _record(session, actor, item, Step.OPEN, now)
    return item


def get(session: Session, actor: Actor, order: str) -> WorkOrder:
    """Return an order that the actor may see.

    Raises:
        WorkOrderNotFound: There is none.
    """
    return WorkOrderStore(session).get(order, sight_of(actor))


def page(
    session: Session, actor: Actor, wanted: Wanted, paging: Paging, now: datetime
) -> Page[WorkOrder]:
    """Return a page of the orders that the actor may see, what is due first coming first."""
    return WorkOrderStore(session).page(sight_of(actor), wanted, paging, now)


def take(session: Session, actor: Actor, order: str, doing: Doing, now: datetime) -> WorkOrder:
    """Take a step on an order.

    Raises:
        WorkOrderNotFound: There is none within sight.
        NotPermitted: Only its requester withdraws an order; only who works on orders does the rest.
        DecidedElsewhere: It stands for a decision that ends it.
        IllegalState: The present state does not allow the step.
        InvalidInput: Whom it is given to cannot work on it.
        PreconditionFailed: It has changed since the actor read it.
    """
    store = WorkOrderStore(session)
    was = store.get(order, sight_of(actor), lock=True)
    require_match(doing.if_match, was.revision)
    _require_hand(actor, was, doing.step)
    if doing.step in (Step.FINISH, Step.DECLINE, Step.WITHDRAW):
        was.require_ended_by_hand()
    assignee = doing.assignee
    if doing.step is Step.ASSIGN:
        assignee = assignee or actor.name
        _require_worker(session, was, assignee)
    item = was.after(doing.step, now, assignee=assignee)
    detail = {"assignee": assignee} if doing.step is Step.ASSIGN else None
    store.put(item, Entry(now, actor.name, doing.step, doing.text, detail))
    _record(session, actor, item, doing.step, now)
    return item


def comment(session: Session, actor: Actor, order: str, text: str, now: datetime) -> WorkOrder:
    """Add words to an order; whoever sees it may.

    Raises:
        WorkOrderNotFound: There is none within sight.
    """
    store = WorkOrderStore(session)
    item = store.get(order, sight_of(actor))
    store.note(order, Entry(now, actor.name, Step.COMMENT, text))
    return item


def set_due(
    session: Session, actor: Actor, order: str, due_at: datetime, now: datetime
) -> WorkOrder:
    """Say when an order is due.

    Raises:
        WorkOrderNotFound: There is none within sight.
        NotPermitted: The actor does not work on orders.
    """
    store = WorkOrderStore(session)
    was = store.get(order, sight_of(actor), lock=True)
    _require_hand(actor, was, Step.SET_DUE)
    item = replace(was, due_at=due_at, revision=was.revision + 1)
    store.put(item, Entry(now, actor.name, Step.SET_DUE, detail={"due_at": due_at.isoformat()}))
    return item


def _require_hand(actor: Actor, item: WorkOrder, step: Step) -> None:
    if step is Step.WITHDRAW:
        if item.requested_by != actor.name:
            raise NotPermitted(f"{item.requested_by} asked for this, and alone withdraws it.")
    elif not actor.may(Permission.MANAGE_WORK_ORDERS):
        raise NotPermitted(f"This needs the right {Permission.MANAGE_WORK_ORDERS}.")


def _require_worker(session: Session, item: WorkOrder, name: str) -> None:
    user = UserStore(session).get(name)
    worker = user.as_actor(ActorKind.PERSON)
    may = user.state is UserState.ACTIVE and worker.may(Permission.MANAGE_WORK_ORDERS)
    sees = worker.is_admin or (item.province is not None and worker.sees(item.province))
    if not (may and sees):
        raise InvalidInput(f"{name} cannot work on this order.")


def _record(session: Session, actor: Actor, item: WorkOrder, step: Step, at: datetime) -> None:
    detail = {"kind": item.kind, "state": item.state, "assignee": item.assignee}
    subject = f"work-order/{item.id}"
    record(session, actor, f"work-order.{step}", subject, detail, province=item.province, at=at)
