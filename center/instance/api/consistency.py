"""HTTP of consistency: whether provinces run what they should."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from capability_sdk.contracts.model import CapabilityName, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.instance import consistency
from center.instance.consistency_views import (
    Consistency,
    ConsistencyView,
    MatrixProvince,
    MatrixView,
)
from center.instance.content_store import ContentStore
from center.instance.matrix import Asked, read_matrix
from center.paging import PagingDep
from center.permissions import ActorDep, Permission, permit
from center.reach import Reach, reach_of

router = APIRouter(tags=["instance"])


@router.get(
    "/consistency",
    dependencies=[permit(Permission.READ_DEPLOYMENTS)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def show_consistency(
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    paging: PagingDep,
    province: Annotated[ProvinceName | None, Query()] = None,
    capability: Annotated[CapabilityName | None, Query()] = None,
) -> Consistency:
    """Compare what provinces should run with what they said last, part by part."""
    seen = reach_of(session, actor).within(province=None, capability=capability).capabilities
    reach, now = Reach(actor.within(province), seen), clock()
    lines, following = consistency.read_page(session, reach, paging, now)
    ages = {name: (now - at) for name, at in ContentStore(session, reach).reported_at().items()}
    return Consistency(
        items=[ConsistencyView.of(line) for line in lines],
        next=following,
        provinces=[
            MatrixProvince(name=name, age_seconds=age.total_seconds())
            for name, age in sorted(ages.items())
            if reach.provinces is None or name in reach.provinces
        ],
    )


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
