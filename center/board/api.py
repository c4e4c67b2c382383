"""HTTP of the board."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from capability_sdk.contracts.model import CapabilityName, ProvinceName
from capability_sdk.kit.problems import problem_responses
from center.board import service
from center.board.detail import CellStoryView, ColumnStoryView
from center.board.histograms import column_story
from center.board.memory import CellMemory
from center.board.views import BoardView, board_members, written
from center.clock import ClockDep
from center.database import SessionDep
from center.monitoring.references import References
from center.monitoring.service import standing
from center.permissions import ActorDep, Permission, permit
from center.reach import reach_of

router = APIRouter(tags=["monitoring"])
_MONITORING = [permit(Permission.READ_MONITORING)]

ColumnName = Annotated[str, Path(max_length=80, pattern=r"^[A-Za-z_][A-Za-z0-9_.\[\]-]{0,79}$")]


def _references(request: Request) -> References:
    references: References = request.app.state.references
    return references


def _memory(request: Request) -> CellMemory:
    memory: CellMemory = request.app.state.board_memory
    return memory


@router.get(
    "/board",
    dependencies=_MONITORING,
    response_model=BoardView,
    responses=problem_responses(401, 403, 422, 503),
)
def read_board(
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    memory: Annotated[CellMemory, Depends(_memory)],
    province: ProvinceName | None = None,
    capability: CapabilityName | None = None,
) -> Response:
    """Show how every capability is in every province that you see, the worst first."""
    reach = reach_of(session, actor).within(province=province, capability=capability)
    found = written(board_members(service.board(session, reach, clock(), memory)))
    return Response(found, media_type="application/json")


@router.get(
    "/board/{capability}/{province}",
    dependencies=_MONITORING,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def read_cell(
    capability: CapabilityName,
    province: ProvinceName,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    days: Annotated[int, Query(ge=1, le=90, description="How far the timeline reaches.")] = 14,
) -> CellStoryView:
    """Show one capability in one province: its verdict, how it came, and which columns moved."""
    reach = reach_of(session, actor)
    found = service.cell(session, reach, capability, province, days=days, now=clock())
    return CellStoryView.of(found)


@router.get(
    "/board/{capability}/{province}/columns/{column}",
    dependencies=_MONITORING,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def read_column(
    capability: CapabilityName,
    province: ProvinceName,
    column: ColumnName,
    session: SessionDep,
    actor: ActorDep,
    references: Annotated[References, Depends(_references)],
) -> ColumnStoryView:
    """Show one column as counts, beside the training data and the same hour of the days before."""
    found = standing(session, reach_of(session, actor), capability, province, None)
    reference = references(found.series.capability, found.series.version)
    return ColumnStoryView.of(column_story(session, found, reference, column))
