"""HTTP of the monitoring domain."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from capability_sdk.contracts.model import CapabilityName, ProvinceName, SemanticVersion, UtcTime
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.monitoring import service
from center.monitoring.domain import ColumnMovement, DriftVerdict
from center.monitoring.store import Standing
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.reach import reach_of

router = APIRouter(tags=["monitoring"])


class ColumnView(BaseModel):
    """How one column of the newest rows stands to the training data."""

    column: str
    statistic: float
    """Distance of the distribution functions, or Pearson's chi-square for a category."""
    p: float
    q: float
    """p-value corrected over all columns of the version."""
    effect: float
    """Share of rows that stand elsewhere, 0 to 1."""
    moved: bool


class DriftView(BaseModel):
    """What is said about one capability version in one province."""

    capability: str
    version: str
    province: str
    verdict: DriftVerdict
    window_from: UtcTime | None
    window_to: UtcTime | None
    rows: int
    columns_moved: int
    worst: ColumnView | None
    """The column with the largest effect."""
    since: UtcTime
    """When the verdict last changed."""
    age_seconds: float
    """Since the newest profile arrived."""


class DriftDetailView(DriftView):
    """The same, column by column, the worst first."""

    columns: list[ColumnView]


@router.get(
    "/drift",
    dependencies=[permit(Permission.READ_MONITORING)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_drift(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    clock: ClockDep,
    capability: CapabilityName | None = None,
    province: ProvinceName | None = None,
    verdict: DriftVerdict | None = None,
) -> Page[DriftView]:
    """Show which capability drifts where."""
    reach = reach_of(session, actor).within(province=province, capability=capability)
    now = clock()
    found = service.standings(session, reach, verdict, paging)
    return map_page(found, lambda item: DriftView(**_members(item, now)))


@router.get(
    "/drift/{capability}/{province}",
    dependencies=[permit(Permission.READ_MONITORING)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def read_drift(
    capability: CapabilityName,
    province: ProvinceName,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    version: Annotated[
        SemanticVersion | None, Query(description="By default the one last heard of.")
    ] = None,
) -> DriftDetailView:
    """Show a verdict column by column."""
    reach = reach_of(session, actor)
    found = service.standing(session, reach, capability, province, version)
    columns = [_column(item) for item in found.judgement.columns]
    return DriftDetailView(**_members(found, clock()), columns=columns)


def _members(item: Standing, now: datetime) -> dict[str, object]:
    judgement = item.judgement
    return {
        "capability": item.series.capability,
        "version": item.series.version,
        "province": item.series.province,
        "verdict": judgement.verdict,
        "window_from": judgement.window_from,
        "window_to": judgement.window_to,
        "rows": judgement.rows,
        "columns_moved": judgement.columns_moved,
        "worst": _column(judgement.columns[0]) if judgement.columns else None,
        "since": item.since,
        "age_seconds": (now - item.profile_at).total_seconds(),
    }


def _column(item: ColumnMovement) -> ColumnView:
    return ColumnView.model_validate(item, from_attributes=True)
