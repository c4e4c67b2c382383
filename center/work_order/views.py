"""What HTTP shows of work orders, and what it takes."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from capability_sdk.contracts.model import PLAIN_LINE, ProvinceName, Strict, UtcTime, Wire
from center.work_order.domain import Entry, Step, WorkOrder, WorkOrderKind, WorkOrderState

Words = Annotated[str, Field(min_length=1, max_length=4000)]


class NewWorkOrder(Strict):
    """Body of ``POST /work-orders``."""

    kind: Literal[WorkOrderKind.SCALE, WorkOrderKind.ROLE, WorkOrderKind.OTHER]
    title: Annotated[str, Field(min_length=3, max_length=200, pattern=PLAIN_LINE)]
    text: Annotated[str, Field(max_length=4000)] = ""
    province: ProvinceName | None = None
    due_at: UtcTime | None = None


class StepBody(Strict):
    """Words that go with a step."""

    text: Annotated[str, Field(max_length=4000)] = ""


class Assignment(StepBody):
    """Whom an order is given to; the asker if left out."""

    assignee: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class WorkOrderCommentBody(Strict):
    """A comment."""

    text: Words


class DueBody(Strict):
    """When an order is due."""

    due_at: UtcTime


class EntryView(Wire):
    """One line of an order's history."""

    at: UtcTime
    by: str
    step: Step
    text: str
    detail: dict[str, Any] | None


class WorkOrderView(Wire):
    """One work order as its readers see it."""

    id: str
    kind: WorkOrderKind
    title: str
    subject: str
    """What it is about, such as `subscription/sub-1f…`; empty where nothing exists yet."""
    province: str | None
    organisation: str
    requested_by: str
    requested_at: UtcTime
    due_at: UtcTime
    state: WorkOrderState
    assignee: str | None
    closed_at: UtcTime | None
    revision: int

    @classmethod
    def of(cls, item: WorkOrder) -> Self:
        """Show a work order."""
        return cls.model_validate(item, from_attributes=True)


class WorkOrderDetail(WorkOrderView):
    """The same, with its history, oldest first."""

    history: list[EntryView]

    @classmethod
    def with_history(cls, item: WorkOrder, history: list[Entry]) -> Self:
        """Show a work order and what happened to it."""
        lines = [EntryView.model_validate(line, from_attributes=True) for line in history]
        return cls(**WorkOrderView.of(item).model_dump(), history=lines)
