"""Changes: other terms for a subscription that was granted."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from capability_sdk.contracts.model import Identifier, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.subscription.api.subscriptions import Id
from center.subscription.domain import ChangeStatus
from center.subscription.service import changes as service
from center.subscription.store.changes import WantedChanges
from center.subscription.views import ChangeRequest, ChangeView, Refusal

router = APIRouter()

ChangeId = Annotated[Identifier, Path()]
_DECISION = problem_responses(401, 403, 404, 409, 422, 503)


@router.post(
    "/subscriptions/{subscription}/changes",
    status_code=201,
    dependencies=[permit(Permission.REQUEST_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def request_change(
    subscription: Id,
    body: ChangeRequest,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    once: OnceDep,
) -> ChangeView:
    """Ask for another plan, quota or end; a self-approved plan applies it at once."""

    def make() -> ChangeView:
        return ChangeView.of(service.request(session, actor, subscription, body.wish, clock()))

    return once(make, ChangeView)


@router.get(
    "/subscription-changes",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_changes(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    province: Annotated[ProvinceName | None, Query()] = None,
    subscription: Annotated[Identifier | None, Query()] = None,
    status: Annotated[ChangeStatus | None, Query()] = None,
) -> Page[ChangeView]:
    """List the changes that you may see, the longest waiting first."""
    wanted = WantedChanges(province, subscription, status)
    return map_page(service.page(session, actor, wanted, paging), ChangeView.of)


@router.post(
    "/subscription-changes/{change}:approve",
    dependencies=[permit(Permission.APPROVE_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def approve_change(
    change: ChangeId, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> ChangeView:
    """Give a subscription the terms that somebody else asked for."""
    return ChangeView.of(service.approve(session, actor, change, clock()))


@router.post(
    "/subscription-changes/{change}:decline",
    dependencies=[permit(Permission.APPROVE_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def decline_change(
    change: ChangeId, body: Refusal, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> ChangeView:
    """Leave a subscription as it is, with the reason."""
    item = service.decline(session, actor, change, body.denial, body.reason, clock())
    return ChangeView.of(item)


@router.post(
    "/subscription-changes/{change}:withdraw",
    dependencies=[permit(Permission.REQUEST_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def withdraw_change(
    change: ChangeId, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> ChangeView:
    """Take back a change that nobody has decided on."""
    return ChangeView.of(service.withdraw(session, actor, change, clock()))
