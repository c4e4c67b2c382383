"""HTTP of consistency: whether provinces run what they should."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from capability_sdk.contracts.model import CapabilityName, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.identity.store import PlaceStore
from center.instance import consistency
from center.instance.consistency_views import Consistency, ConsistencyView, MatrixView
from center.instance.matrix import Asked, read_matrix
from center.permissions import ActorDep, Permission, permit
from center.reach import reach_of

router = APIRouter(tags=["instance"])


@router.get(
    "/consistency",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(401, 403, 422, 503),
)
def show_consistency(
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    province: Annotated[ProvinceName | None, Query()] = None,
    capability: Annotated[CapabilityName | None, Query()] = None,
) -> Consistency:
    """Compare what provinces should run with what they said last, part by part."""
    within = actor.within(province)
    names = PlaceStore(session).names() if within is None else sorted(within)
    seen = reach_of(session, actor).within(province=None, capability=capability).capabilities
    lines = [
        line
        for name in names
        for line in consistency.compare(session, name, clock())
        if seen is None or line.capability in seen
    ]
    return Consistency(items=[ConsistencyView.of(line) for line in lines], total=len(lines))


@router.get(
    "/consistency/matrix",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    response_model=MatrixView,
    responses=problem_responses(401, 403, 422, 503),
)
def show_matrix(  # noqa: PLR0913, PLR0917 - query parameters, not arguments that anybody passes
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    province: Annotated[ProvinceName | None, Query()] = None,
    capability: Annotated[CapabilityName | None, Query()] = None,
    q: Annotated[str | None, Query(max_length=63, description="Part of a name.")] = None,
    after: Annotated[CapabilityName | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Capabilities, at most.")] = 300,
    only_wrong: Annotated[bool, Query(description="Only cells that need a person.")] = False,
) -> Response:
    """Show capability x province in one answer: versions, weights, and five ticks each."""
    if province is not None:
        actor.require_province(province)
    reach = reach_of(session, actor).within(province=province, capability=capability)
    found = read_matrix(session, Asked(reach, q, after, limit, only_wrong), clock())
    # Tens of thousands of plain values, made here: to validate them again would take most of the time.
    return Response(to_json(found), media_type="application/json")
