"""HTTP of the objective domain."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from capability_sdk.contracts.model import CapabilityName, ProvinceName, Strict, UtcTime
from capability_sdk.kit.problems import problem_responses
from center.clock import ClockDep
from center.database import SessionDep
from center.objective import service
from center.objective.domain import PERIOD, WINDOWS, Budget, Burning, Standing, Target
from center.operations.latency import LATENCY_BOUNDS_MS
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.preconditions import IfMatch, etag
from center.reach import reach_of

router = APIRouter(tags=["objective"])
_READ = [permit(Permission.READ_OBJECTIVES)]
_RESPONSES = problem_responses(400, 401, 403, 404, 422, 503)


class BurnView(BaseModel):
    """Burn rates of a pair of windows; 1 uses up exactly the budget over the period."""

    window: Burning
    long_seconds: int
    short_seconds: int
    threshold: float
    """Both at or above it is a burn."""
    long: float | None
    """Null where nobody called."""
    short: float | None


class BudgetView(BaseModel):
    """One objective's error budget."""

    target: float
    bad: int
    """Calls of the period that missed it."""
    left: float
    """Share of the budget that is left; below 0 the objective is missed."""
    burns: list[BurnView]
    burning: Burning | None
    exhausts_at: UtcTime | None
    """At the burn rate of the last six hours; null where it is gone, or lasts longer."""

    @classmethod
    def of(cls, target: float, budget: Budget) -> Self:
        """Show a budget beside its target."""
        burns = [
            BurnView(
                window=window.name,
                long_seconds=_seconds(window.long),
                short_seconds=_seconds(window.short),
                threshold=window.rate,
                long=budget.burn.get(window.long),
                short=budget.burn.get(window.short),
            )
            for window in WINDOWS
        ]
        return cls(
            target=target,
            bad=budget.bad,
            left=budget.left,
            burns=burns,
            burning=budget.burning,
            exhausts_at=budget.exhausts_at,
        )


class ObjectiveView(BaseModel):
    """How a capability stands to its objectives over the last 28 days."""

    capability: str
    province: str
    """Empty for all provinces together."""
    is_set: bool
    """Whether somebody set the targets; otherwise they are the manifest's."""
    calls: int
    p99_ms: float | None
    """Estimated from counts in cells; null without a call."""
    availability: BudgetView
    """Target is a share of calls that are not answered with 500 or more."""
    latency: BudgetView
    """Target is the p99 in milliseconds; one call in a hundred may be slower."""
    left: float
    """Of the budget that is used up more."""
    burning: Burning | None
    measured_at: UtcTime | None

    @classmethod
    def of(cls, item: Standing, measured_at: datetime | None) -> Self:
        """Show a standing."""
        return cls(
            capability=item.capability,
            province=item.province,
            is_set=item.target.is_set,
            calls=item.calls,
            p99_ms=item.p99_ms,
            availability=BudgetView.of(item.target.availability, item.availability),
            latency=BudgetView.of(item.target.p99_ms, item.latency),
            left=item.left,
            burning=item.burning,
            measured_at=measured_at,
        )


class CellView(BaseModel):
    """Calls between two latencies."""

    from_ms: float
    to_ms: float | None
    """Null for the last cell, which has no end."""
    calls: int


class PointView(BaseModel):
    """One hour, and what was left of the period's budgets at its end."""

    hour: UtcTime
    calls: int
    failures: int
    slow: float
    availability_left: float
    latency_left: float


class ObjectiveDetailView(ObjectiveView):
    """The same with its histogram and its hours."""

    histogram: list[CellView]
    hours: list[PointView]
    period_seconds: int


class ObjectiveBody(Strict):
    """What is promised."""

    availability: Annotated[float, Field(gt=0, lt=1)]
    p99_ms: Annotated[float, Field(gt=0, le=600_000)]


class ObjectiveSetView(BaseModel):
    """What was set, and its revision."""

    availability: float
    p99_ms: float
    revision: int


@router.get("/objectives", dependencies=_READ, responses=_RESPONSES)
def list_objectives(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    by: Annotated[
        str,
        Query(
            pattern="^(capability|province)$",
            description="`capability` adds all provinces up; `province` shows each by itself.",
        ),
    ] = "capability",
    capability: CapabilityName | None = None,
    province: ProvinceName | None = None,
) -> Page[ObjectiveView]:
    """Show error budgets, the one with the least left first."""
    reach = reach_of(session, actor).within(province=province, capability=capability)
    found, measured_at = service.page(session, reach, paging, by_province=by == "province")
    return map_page(found, lambda item: ObjectiveView.of(item, measured_at))


@router.get("/objectives/{capability}", dependencies=_READ, responses=_RESPONSES)
def get_objective(
    capability: CapabilityName,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    province: ProvinceName | None = None,
) -> ObjectiveDetailView:
    """Show one capability's budgets, hour by hour, and its latencies against the objective."""
    place = (capability, province or _only(actor.provinces))
    standing, measured_at = service.get(session, actor, place)
    points = service.history(session, actor, place, clock())
    return ObjectiveDetailView(
        **ObjectiveView.of(standing, measured_at).model_dump(),
        histogram=_histogram(standing),
        hours=[PointView(**asdict(point)) for point in points],
        period_seconds=_seconds(PERIOD),
    )


@router.put(
    "/objectives/{capability}",
    dependencies=[permit(Permission.SET_OBJECTIVES)],
    responses=problem_responses(401, 403, 404, 412, 422, 503),
)
def put_objective(  # noqa: PLR0913, PLR0917 - dependencies, not arguments that anybody passes
    capability: CapabilityName,
    body: ObjectiveBody,
    response: Response,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    province: ProvinceName | None = None,
    if_match: IfMatch = None,
) -> ObjectiveSetView:
    """Set a capability's objectives, in one province or in all; the next measurement takes them."""
    target = Target(body.availability, body.p99_ms, is_set=True)
    revision = service.put(
        session, actor, (capability, province or ""), target, if_match=if_match, now=clock()
    )
    response.headers["ETag"] = etag(revision)
    return ObjectiveSetView(
        availability=target.availability, p99_ms=target.p99_ms, revision=revision
    )


def _only(provinces: Collection[str] | None) -> str:
    """Return the one province that somebody sees; empty where there are several."""
    return next(iter(provinces)) if provinces is not None and len(provinces) == 1 else ""


def _histogram(item: Standing) -> list[CellView]:
    starts = (0.0, *LATENCY_BOUNDS_MS)
    ends = (*LATENCY_BOUNDS_MS, None)
    return [
        CellView(from_ms=start, to_ms=end, calls=calls)
        for start, end, calls in zip(starts, ends, item.cells, strict=True)
    ]


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
