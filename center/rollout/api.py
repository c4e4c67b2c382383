"""HTTP of roll-outs."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from capability_sdk.contracts.model import CapabilityName, Identifier
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.idempotency import OnceDep
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.reach import reach_of
from center.rollout import service
from center.rollout.standing import standings
from center.rollout.store import RolloutStore
from center.rollout.views import ReasonBody, RolloutBody, RolloutDetail, RolloutView

router = APIRouter(tags=["rollout"])
_ONE = "/rollouts/{rollout}"
_READ = [permit(Permission.READ_DEPLOYMENTS)]
_CHANGE = [permit(Permission.MANAGE_DEPLOYMENTS)]
_REFUSALS = problem_responses(401, 403, 404, 409, 422, 503)

RolloutId = Annotated[Identifier, Path(alias="rollout")]


@router.post("/rollouts", status_code=201, dependencies=_CHANGE, responses=_REFUSALS)
def begin_rollout(
    body: RolloutBody, session: SessionDep, actor: ActorDep, clock: ClockDep, once: OnceDep
) -> RolloutView:
    """Bring a version to provinces in stages; the first one is in force at once."""

    def make() -> RolloutView:
        return RolloutView.of(service.begin(session, actor, body.wish, clock()))

    return once(make, RolloutView)


@router.get(
    "/rollouts",
    dependencies=_READ,
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_rollouts(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    capability: Annotated[CapabilityName | None, Query()] = None,
) -> Page[RolloutView]:
    """List roll-outs, the newest first."""
    page = RolloutStore(session).page(reach_of(session, actor), capability, paging)
    return map_page(page, RolloutView.of)


@router.get(_ONE, dependencies=_READ, responses=problem_responses(401, 403, 404, 422, 503))
def show_rollout(
    rollout: RolloutId, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> RolloutDetail:
    """Show a roll-out: in each province what each version should get, got, and would get again."""
    item = service.get(session, actor, rollout)
    every = standings(session, item, clock())
    seen = {name: one for name, one in every.items() if actor.sees(name)}
    return RolloutDetail.with_provinces(item, seen)


@router.post(f"{_ONE}:pause", dependencies=_CHANGE, responses=_REFUSALS)
def pause_rollout(
    rollout: RolloutId, body: ReasonBody, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> RolloutView:
    """Stay at the present stage until somebody says more."""
    return RolloutView.of(service.pause(session, actor, rollout, body.reason, clock()))


@router.post(f"{_ONE}:continue", dependencies=_CHANGE, responses=_REFUSALS)
def continue_rollout(
    rollout: RolloutId, body: ReasonBody, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> RolloutView:
    """Go on; the stage is watched anew, from now on."""
    return RolloutView.of(service.resume(session, actor, rollout, body.reason, clock()))


@router.post(f"{_ONE}:roll-back", dependencies=_CHANGE, responses=_REFUSALS)
def roll_back_rollout(
    rollout: RolloutId, body: ReasonBody, session: SessionDep, actor: ActorDep, clock: ClockDep
) -> RolloutView:
    """Run in every province again what ran before, in one act, also after it is finished."""
    return RolloutView.of(service.roll_back(session, actor, rollout, body.reason, clock()))
