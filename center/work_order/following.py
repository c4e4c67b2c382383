"""Opens and ends orders as the acts happen that they stand for.

The domains below know nothing of work orders: their acts of governance are followed in the audit
trail, within the transaction of the act.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from center.identity.audit import Act
from center.identity.domain import new_id
from center.work_order.domain import DUE_WITHIN, Entry, Step, WorkOrder, WorkOrderKind
from center.work_order.store import WorkOrderStore

_OPENS = {
    "capability.review-requested": WorkOrderKind.REVIEW,
    "subscription.request": WorkOrderKind.SUBSCRIPTION,
    "subscription.change-requested": WorkOrderKind.QUOTA,
}
_ENDS = {
    "capability.published": Step.FINISH,
    "capability.returned": Step.DECLINE,
    "capability.withdrawn": Step.WITHDRAW,
    "subscription.approve": Step.FINISH,
    "subscription.decline": Step.DECLINE,
    "subscription.withdraw": Step.WITHDRAW,
    "subscription.changed": Step.FINISH,
    "subscription.change-declined": Step.DECLINE,
    "subscription.change-withdrawn": Step.WITHDRAW,
}


@dataclass(frozen=True, slots=True)
class _Told:
    """What an act tells a work order."""

    subject: str
    title: str
    text: str


def follow(session: Session, act: Act) -> None:
    """Open the order that an act asks for, or end the one that it decides."""
    if act.act in _OPENS:
        _open(session, act, _OPENS[act.act])
    elif act.act in _ENDS:
        _end(session, act, _ENDS[act.act])


def _open(session: Session, act: Act, kind: WorkOrderKind) -> None:
    store, told = WorkOrderStore(session), _told(act)
    if store.find_living(told.subject) is not None:
        return  # asked again while the first request waits
    item = WorkOrder(
        id=new_id("order"),
        kind=kind,
        title=told.title,
        subject=told.subject,
        province=act.province,
        organisation=act.organisation,
        requested_by=act.actor,
        requested_at=act.at,
        due_at=act.at + DUE_WITHIN[kind],
    )
    store.add(item, Entry(act.at, act.actor, Step.OPEN, told.text))


def _end(session: Session, act: Act, step: Step) -> None:
    store, told = WorkOrderStore(session), _told(act)
    was = store.find_living(told.subject)
    if was is not None:
        store.put(was.after(step, act.at), Entry(act.at, act.actor, step, told.text))


def _told(act: Act) -> _Told:
    """Read an act; a change of terms is a request of its own beside its subscription."""
    said = act.detail
    words = str(said.get("words") or said.get("reason") or said.get("comment") or "")
    name = act.subject.partition("/")[2]
    if act.act.startswith("capability."):
        return _Told(act.subject, name.replace("/", " "), words)
    title = f"{said.get('capability', '')} ← {said.get('application', '')}"
    change = said.get("change")
    return _Told(f"subscription-change/{change}" if change else act.subject, title, words)
