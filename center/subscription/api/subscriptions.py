"""Subscriptions: asked for, granted, used, ended."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from capability_sdk.contracts.model import CapabilityName, Identifier, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.subscription.domain import Act, Status
from center.subscription.service import decisions, requests
from center.subscription.service.usage import DailyCalls, usage_of
from center.subscription.store import Wanted
from center.subscription.views import (
    EventView,
    Explanation,
    PlanName,
    Refusal,
    SubscriptionRequest,
    SubscriptionUsage,
    SubscriptionView,
)

router = APIRouter(prefix="/subscriptions")

Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
_DECISION = problem_responses(401, 403, 404, 409, 422, 503)
_READ = problem_responses(401, 403, 404, 422, 503)


def _daily_calls(request: Request) -> DailyCalls:
    daily_calls: DailyCalls = request.app.state.daily_calls
    return daily_calls


@router.post(
    "",
    status_code=201,
    dependencies=[permit(Permission.REQUEST_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def request(
    body: SubscriptionRequest, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> SubscriptionView:
    """Ask that an application of your province may call a capability.

    A self-approved plan answers at once; any other waits for an admin of the center.
    """

    def make() -> SubscriptionView:
        return SubscriptionView.of(requests.request(session, actor, body.wish, clock()))

    return once(make, SubscriptionView)


@router.get(
    "",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_subscriptions(  # noqa: PLR0913, PLR0917 - dependencies, not arguments that anybody passes
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    province: Annotated[ProvinceName | None, Query()] = None,
    capability: Annotated[CapabilityName | None, Query()] = None,
    application: Annotated[Identifier | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    plan: Annotated[PlanName | None, Query()] = None,
    oldest_first: Annotated[bool, Query(description="As a queue is read.")] = False,
) -> Page[SubscriptionView]:
    """List the subscriptions that you may see, newest request first."""
    wanted = Wanted(province, capability, application, status, plan=plan)
    page = requests.page(session, actor, wanted, paging, oldest_first=oldest_first)
    return map_page(page, SubscriptionView.of)


@router.get(
    "/{subscription}",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],
    responses=_READ,
)
def show(subscription: Id, session: SessionDep, actor: ActorDep) -> SubscriptionView:
    """Show one subscription: who has it, since when, and on which terms."""
    return SubscriptionView.of(requests.get(session, actor, subscription))


@router.get(
    "/{subscription}/events",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
def list_events(
    subscription: Id, session: SessionDep, actor: ActorDep, paging: PagingDep
) -> Page[EventView]:
    """List what happened to a subscription, newest first."""
    return map_page(requests.history(session, actor, subscription, paging), EventView.of)


@router.get(
    "/{subscription}/usage",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],
    responses=_READ,
)
def show_usage(
    subscription: Id,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    daily_calls: Annotated[DailyCalls, Depends(_daily_calls)],
) -> SubscriptionUsage:
    """Show what was called of the quota, by day of the province's zone."""
    item = requests.get(session, actor, subscription)
    return SubscriptionUsage.of(usage_of(session, item, daily_calls, clock()))


@router.post(
    "/{subscription}:withdraw",
    dependencies=[permit(Permission.REQUEST_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def withdraw(
    subscription: Id, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SubscriptionView:
    """Take back a request that nobody has decided on."""
    return SubscriptionView.of(requests.withdraw(session, actor, subscription, clock()))


@router.post(
    "/{subscription}:approve",
    dependencies=[permit(Permission.APPROVE_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def approve(
    subscription: Id, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SubscriptionView:
    """Grant what somebody else asked for."""
    item = decisions.decide(session, actor, subscription, Act.APPROVE, at=clock())
    return SubscriptionView.of(item)


@router.post(
    "/{subscription}:decline",
    dependencies=[permit(Permission.APPROVE_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def decline(
    subscription: Id, body: Refusal, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SubscriptionView:
    """Refuse what somebody else asked for, with the reason."""
    item = decisions.decide(
        session,
        actor,
        subscription,
        Act.DECLINE,
        at=clock(),
        reason=body.reason,
        denial=body.denial,
    )
    return SubscriptionView.of(item)


@router.post(
    "/{subscription}:suspend",
    dependencies=[permit(Permission.APPROVE_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def suspend(
    subscription: Id,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    body: Explanation | None = None,
) -> SubscriptionView:
    """Stop the calls of a subscription until it is resumed."""
    reason = "" if body is None else body.reason
    item = decisions.decide(session, actor, subscription, Act.SUSPEND, at=clock(), reason=reason)
    return SubscriptionView.of(item)


@router.post(
    "/{subscription}:resume",
    dependencies=[permit(Permission.APPROVE_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def resume(
    subscription: Id, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SubscriptionView:
    """Let the calls of a suspended subscription through again."""
    item = decisions.decide(session, actor, subscription, Act.RESUME, at=clock())
    return SubscriptionView.of(item)


@router.post(
    "/{subscription}:revoke",
    dependencies=[permit(Permission.REQUEST_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def revoke(
    subscription: Id,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    body: Explanation | None = None,
) -> SubscriptionView:
    """End a subscription for good: an admin any, an operator the own province's."""
    reason = "" if body is None else body.reason
    item = decisions.decide(session, actor, subscription, Act.REVOKE, at=clock(), reason=reason)
    return SubscriptionView.of(item)
