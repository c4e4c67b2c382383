"""Plans: what the center offers."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag
from center.subscription.service import plans as service
from center.subscription.store import PlanStore
from center.subscription.views import PlanBody, PlanList, PlanName, PlanView

router = APIRouter(prefix="/subscription-plans")


@router.get(
    "",
    dependencies=[permit(Permission.READ_SUBSCRIPTIONS)],
    responses=problem_responses(401, 403, 503),
)
def list_plans(session: SessionDep, actor: ActorDep) -> PlanList:
    """List the plans that one can ask for, smallest first, closed ones too."""
    counts = service.subscriptions(session, actor)
    plans = [PlanView.of(plan, counts.get(plan.name, 0)) for plan in PlanStore(session).all()]
    return PlanList(items=plans, total=len(plans))


@router.put(
    "/{plan}",
    dependencies=[permit(Permission.MANAGE_PLANS)],
    responses=problem_responses(401, 403, 409, 412, 422, 503),
)
def put_plan(
    plan: Annotated[PlanName, Path()],
    body: PlanBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    if_match: IfMatch = None,
) -> PlanView:
    """Make a plan, or, with ``If-Match``, change one; subscriptions keep the terms they were given."""
    kept = service.put(session, actor, body.named(plan), if_match=if_match, at=clock())
    response.headers["ETag"] = etag(kept.revision)
    return PlanView.of(kept, service.subscriptions(session, actor).get(kept.name, 0))
