"""HTTP of work orders."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from capability_sdk.contracts.model import Identifier, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag
from center.work_order import service
from center.work_order.domain import Step, WorkOrderKind, WorkOrderState
from center.work_order.service import Doing
from center.work_order.store import Queue, Wanted, WorkOrderStore
from center.work_order.views import (
    Assignment,
    DueBody,
    NewWorkOrder,
    StepBody,
    WorkOrderCommentBody,
    WorkOrderDetail,
    WorkOrderView,
)

router = APIRouter(
    prefix="/work-orders",
    tags=["work orders"],
    dependencies=[permit(Permission.USE_WORK_ORDERS)],
)
Order = Annotated[Identifier, Path()]
_STEP = problem_responses(401, 403, 404, 409, 412, 422, 503)


def _wanted(
    queue: Annotated[Queue | None, Query()] = None,
    kind: Annotated[WorkOrderKind | None, Query()] = None,
    state: Annotated[WorkOrderState | None, Query()] = None,
    province: Annotated[ProvinceName | None, Query()] = None,
) -> Wanted:
    return Wanted(queue, kind, state, province)


@router.get("", responses=problem_responses(400, 401, 403, 422, 503))
def list_work_orders(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    clock: ClockDep,
    wanted: Annotated[Wanted, Depends(_wanted)],
) -> Page[WorkOrderView]:
    """List the work orders that you may see, what is due first coming first."""
    return map_page(service.page(session, actor, wanted, paging, clock()), WorkOrderView.of)


@router.post("", status_code=201, responses=problem_responses(401, 403, 409, 422, 503))
def open_work_order(
    body: NewWorkOrder, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> WorkOrderView:
    """Ask for something, such as more replicas or a role."""
    wish = service.Request(body.kind, body.title, body.text, body.province, body.due_at)
    return once(
        lambda: WorkOrderView.of(service.open_order(session, actor, wish, clock())), WorkOrderView
    )


@router.get("/{order}", responses=problem_responses(401, 403, 404, 422, 503))
def show_work_order(
    order: Order, session: SessionDep, actor: ActorDep, response: Response
) -> WorkOrderDetail:
    """Show a work order and what happened to it."""
    item = service.get(session, actor, order)
    response.headers["ETag"] = etag(item.revision)
    return WorkOrderDetail.with_history(item, WorkOrderStore(session).history(order))


@router.post("/{order}:assign", responses=_STEP)
def assign(
    order: Order,
    body: Assignment,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> WorkOrderView:
    """Give an order to somebody, or take it yourself."""
    doing = Doing(Step.ASSIGN, body.text, body.assignee, if_match)
    return WorkOrderView.of(service.take(session, actor, order, doing, clock()))


def _add_step(step: Step, words: str) -> None:
    @router.post(
        f"/{{order}}:{step}", name=f"{step}_work_order", description=words, responses=_STEP
    )
    def take(
        order: Order,
        body: StepBody,
        session: SessionDep,
        actor: ActorDep,
        clock: ClockDep,
        if_match: IfMatch = None,
    ) -> WorkOrderView:
        doing = Doing(step, body.text, if_match=if_match)
        return WorkOrderView.of(service.take(session, actor, order, doing, clock()))


for _step, _words in (
    (Step.RELEASE, "Give an order back to the queue."),
    (Step.WAIT, "Say that an order waits for somebody else, and for what."),
    (Step.RESUME, "Go on with an order that waited."),
    (Step.FINISH, "Say that what was asked for is done."),
    (Step.DECLINE, "Decline what was asked for, with the reason."),
    (Step.WITHDRAW, "Take back what you asked for."),
):
    _add_step(_step, _words)


@router.post(
    "/{order}/comments", status_code=201, responses=problem_responses(401, 403, 404, 409, 422, 503)
)
def add_comment(
    order: Order,
    body: WorkOrderCommentBody,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    once: OnceDep,
) -> WorkOrderView:
    """Add a comment to a work order."""
    return once(
        lambda: WorkOrderView.of(service.comment(session, actor, order, body.text, clock())),
        WorkOrderView,
    )


@router.post("/{order}:set-due", responses=problem_responses(401, 403, 404, 422, 503))
def set_due(
    order: Order, body: DueBody, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> WorkOrderView:
    """Say when an order is due."""
    return WorkOrderView.of(service.set_due(session, actor, order, body.due_at, clock()))
