"""Work orders: what somebody asked of somebody else, and how far that is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from center.work_order.errors import DecidedElsewhere, IllegalState


class WorkOrderKind(StrEnum):
    """What is asked for."""

    REVIEW = "publication-review"
    SUBSCRIPTION = "subscription"
    QUOTA = "quota"
    SCALE = "scale"
    ROLE = "role"
    OTHER = "other"


GENERATED = frozenset({WorkOrderKind.REVIEW, WorkOrderKind.SUBSCRIPTION, WorkOrderKind.QUOTA})
"""Opened and closed by the acts that they stand for, and not by hand."""


class WorkOrderState(StrEnum):
    """How far a work order is."""

    OPEN = "open"
    ASSIGNED = "assigned"
    WAITING = "waiting"
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What is done with a work order."""

    OPEN = "open"
    ASSIGN = "assign"
    RELEASE = "release"
    WAIT = "wait"
    RESUME = "resume"
    FINISH = "finish"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    COMMENT = "comment"
    SET_DUE = "set-due"


LIVING = frozenset({WorkOrderState.OPEN, WorkOrderState.ASSIGNED, WorkOrderState.WAITING})
"""States in which somebody still waits for something."""

_STEPS: dict[Step, tuple[frozenset[WorkOrderState], WorkOrderState]] = {
    Step.ASSIGN: (LIVING, WorkOrderState.ASSIGNED),
    Step.RELEASE: (
        frozenset({WorkOrderState.ASSIGNED, WorkOrderState.WAITING}),
        WorkOrderState.OPEN,
    ),
    Step.WAIT: (frozenset({WorkOrderState.OPEN, WorkOrderState.ASSIGNED}), WorkOrderState.WAITING),
    Step.RESUME: (frozenset({WorkOrderState.WAITING}), WorkOrderState.ASSIGNED),
    Step.FINISH: (LIVING, WorkOrderState.DONE),
    Step.DECLINE: (LIVING, WorkOrderState.DECLINED),
    Step.WITHDRAW: (LIVING, WorkOrderState.WITHDRAWN),
}
_ENDS = frozenset({Step.FINISH, Step.DECLINE, Step.WITHDRAW})
DUE_WITHIN: Mapping[WorkOrderKind, timedelta] = {
    WorkOrderKind.REVIEW: timedelta(days=3),
    WorkOrderKind.SUBSCRIPTION: timedelta(days=2),
    WorkOrderKind.QUOTA: timedelta(days=2),
    WorkOrderKind.SCALE: timedelta(days=1),
    WorkOrderKind.ROLE: timedelta(days=3),
    WorkOrderKind.OTHER: timedelta(days=5),
}
"""When an order is due unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One request, and who works on it.

    Attributes:
        subject: What it is about, such as ``subscription/sub-1f…``; empty where nothing exists yet.
        province: Whose it is; None where it concerns the whole platform.
    """

    id: str
    kind: WorkOrderKind
    title: str
    subject: str
    province: str | None
    organisation: str
    requested_by: str
    requested_at: datetime
    due_at: datetime
    state: WorkOrderState = WorkOrderState.OPEN
    assignee: str | None = None
    closed_at: datetime | None = None
    revision: int = 1

    def after(self, step: Step, at: datetime, *, assignee: str | None = None) -> Self:
        """Return the order as a step leaves it.

        Raises:
            IllegalState: The present state does not allow the step.
        """
        allowed, to = _STEPS[step]
        if self.state not in allowed:
            raise IllegalState(
                f"The order is {self.state}; you cannot {step} it.", state=self.state
            )
        who = {Step.ASSIGN: assignee, Step.RELEASE: None}.get(step, self.assignee)
        if step is Step.RESUME and who is None:
            to = WorkOrderState.OPEN
        closed_at = at if step in _ENDS else None
        return replace(
            self, state=to, assignee=who, closed_at=closed_at, revision=self.revision + 1
        )

    def require_ended_by_hand(self) -> None:
        """Refuse to end what a decision elsewhere ends.

        Raises:
            DecidedElsewhere: The order stands for such a decision.
        """
        if self.kind in GENERATED:
            raise DecidedElsewhere(f"Decide on {self.subject}: that ends this work order.")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an order's history.

    Attributes:
        text: A comment's or a decision's words.
        detail: What changed, such as the new assignee.
    """

    at: datetime
    by: str
    step: Step
    text: str = ""
    detail: Mapping[str, Any] | None = None
