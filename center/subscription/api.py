"""HTTP of the subscription domain."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from capability_sdk.contracts.model import CapabilityName, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.subscription import service
from center.subscription.domain import Act, Status
from center.subscription.store import Wanted
from center.subscription.views import Explanation, SubscriptionRequest, SubscriptionView

router = APIRouter(prefix="/subscriptions", tags=["subscription"])

Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
_DECISION = problem_responses(401, 403, 404, 409, 422, 503)


@router.post(
    "",
    status_code=201,
    dependencies=[permit(Permission.REQUEST_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def request(
    body: SubscriptionRequest, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> SubscriptionView:
    """Ask that an application of your province may call a capability."""

    def make() -> SubscriptionView:
        item = service.request(
            session, actor, body.application, body.capability, body.terms, body.purpose, clock()
        )
        return SubscriptionView.of(item)

    return once(make, SubscriptionView)


@router.get(
    "",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_subscriptions(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    province: Annotated[ProvinceName | None, Query()] = None,
    capability: Annotated[CapabilityName | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
) -> Page[SubscriptionView]:
    """List the subscriptions that you may see, newest first."""
    wanted = Wanted(province, capability, status)
    return map_page(service.page(session, actor, wanted, paging), SubscriptionView.of)


@router.get(
    "/{subscription}",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def show(subscription: Id, session: SessionDep, actor: ActorDep) -> SubscriptionView:
    """Show one subscription."""
    return SubscriptionView.of(service.get(session, actor, subscription))


@router.post(
    "/{subscription}:approve",
    dependencies=[permit(Permission.APPROVE_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def approve(
    subscription: Id, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SubscriptionView:
    """Grant what somebody else asked for."""
    item = service.decide(session, actor, subscription, Act.APPROVE, at=clock())
    return SubscriptionView.of(item)


@router.post(
    "/{subscription}:decline",
    dependencies=[permit(Permission.APPROVE_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def decline(
    subscription: Id, body: Explanation, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SubscriptionView:
    """Refuse what somebody else asked for, with the reason."""
    item = service.decide(session, actor, subscription, Act.DECLINE, at=clock(), reason=body.reason)
    return SubscriptionView.of(item)


@router.post(
    "/{subscription}:suspend",
    dependencies=[permit(Permission.APPROVE_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def suspend(
    subscription: Id, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SubscriptionView:
    """Stop the calls of a subscription until it is resumed."""
    item = service.decide(session, actor, subscription, Act.SUSPEND, at=clock())
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
    item = service.decide(session, actor, subscription, Act.RESUME, at=clock())
    return SubscriptionView.of(item)


@router.post(
    "/{subscription}:revoke",
    dependencies=[permit(Permission.REQUEST_SUBSCRIPTIONS)],
    responses=_DECISION,
)
def revoke(
    subscription: Id, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> SubscriptionView:
    """End a subscription for good: an admin any, an operator the own province's."""
    item = service.decide(session, actor, subscription, Act.REVOKE, at=clock())
    return SubscriptionView.of(item)
