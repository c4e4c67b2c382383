"""HTTP of fits: will it work in my province, and how good is it where it runs."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, Field

from capability_sdk.contracts.model import CapabilityName, ProvinceName, SemanticVersion, UtcTime
from capability_sdk.kit.problems import problem_responses
from center.capability.service import sight_of
from center.clock import ClockDep
from center.database import SessionDep
from center.fit import service
from center.fit.domain import (
    ColumnShift,
    ElsewhereQuality,
    Expected,
    Finding,
    Fit,
    LiveQuality,
    Observed,
)
from center.fit.estimate import METHOD, Interval
from center.fit.packages import Facts
from center.identity.store import PlaceStore
from center.monitoring.domain import Series
from center.permissions import ActorDep, Permission, permit
from center.reach import provinces_of, reach_of

router = APIRouter(tags=["fit"])

Name = Annotated[CapabilityName, Path()]


def _facts(request: Request) -> Facts:
    facts: Facts = request.app.state.package_facts
    return facts


FactsDep = Annotated[Facts, Depends(_facts)]


class IntervalView(BaseModel):
    """A share of right answers with its 95 % interval, 0 to 1."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval) -> Self:
        """Show an interval."""
        return cls(value=interval.value, low=interval.low, high=interval.high)


class SourceView(BaseModel):
    """Whose counts a column's are."""

    capability: str
    version: str
    rows: int
    begins: UtcTime
    ends: UtcTime


class ShiftView(BaseModel):
    """How a column stands to the training data."""

    column: str
    distance: float = Field(description="Share of rows that stand elsewhere, 0 to 1.")
    source: SourceView

    @classmethod
    def of(cls, shift: ColumnShift) -> Self:
        """Show a column."""
        source = SourceView.model_validate(shift.source, from_attributes=True)
        return cls(column=shift.column, distance=shift.distance, source=source)


class ExpectedView(BaseModel):
    """What quality is to be expected, and what may be lost against the held-back rows."""

    method: str = METHOD
    basis: str = Field(description="`scores` of the version's answers, or its `inputs` alone.")
    held_back: IntervalView
    held_back_rows: int
    quality: IntervalView
    loss: IntervalView = Field(description="Held-back quality less the expected one.")
    effective_rows: float

    @classmethod
    def of(cls, expected: Expected) -> Self:
        """Show an expectation."""
        before, after = expected.held_back.value, expected.quality
        return cls(
            basis=expected.basis,
            held_back=IntervalView.of(expected.held_back),
            held_back_rows=expected.held_back_rows,
            quality=IntervalView.of(after),
            loss=IntervalView(
                value=before - after.value, low=before - after.high, high=before - after.low
            ),
            effective_rows=expected.effective_rows,
        )


class FitView(BaseModel):
    """Whether a version can be expected to work in a province, from sketches alone."""

    capability: str
    version: str
    province: str
    finding: Finding
    reference_rows: int
    shifts: list[ShiftView]
    missing: list[str]
    unknown: float | None = Field(description="Share of rows where no held-back row stands.")
    expected: ExpectedView | None

    @classmethod
    def of(cls, fit: Fit) -> Self:
        """Show a fit."""
        return cls(
            capability=fit.capability,
            version=fit.version,
            province=fit.province,
            finding=fit.finding,
            reference_rows=fit.reference_rows,
            shifts=[ShiftView.of(item) for item in fit.shifts],
            missing=list(fit.missing),
            unknown=fit.unknown,
            expected=None if fit.expected is None else ExpectedView.of(fit.expected),
        )


class ObservedView(BaseModel):
    """A share of right answers, with where it comes from and how old it is."""

    method: str = Field(description="Of the interval: `wilson` or the estimate's own.")
    quality: IntervalView
    rows: int
    begins: UtcTime
    ends: UtcTime
    age_seconds: float

    @classmethod
    def of(cls, observed: Observed | None, method: str, now: datetime) -> Self | None:
        """Show what was observed; None where nothing was."""
        if observed is None:
            return None
        return cls(
            method=method,
            quality=IntervalView.of(observed.quality),
            rows=observed.rows,
            begins=observed.begins,
            ends=observed.ends,
            age_seconds=max(0.0, (now - observed.heard_at).total_seconds()),
        )


class ProvinceQualityView(BaseModel):
    """One version in one province."""

    province: str
    version: str
    predictions: int
    realized: ObservedView | None
    estimated: ObservedView | None
    basis: str | None

    @classmethod
    def of(cls, item: LiveQuality, now: datetime) -> Self:
        """Show a province."""
        return cls(
            province=item.province,
            version=item.version,
            predictions=item.predictions,
            realized=ObservedView.of(item.realized, "wilson", now),
            estimated=ObservedView.of(item.estimated, METHOD, now),
            basis=item.basis,
        )


class ElsewhereQualityView(BaseModel):
    """One version in several provinces together, none of which is told by itself."""

    version: str
    provinces: int = Field(description="How many there are.")
    predictions: int
    realized: ObservedView | None

    @classmethod
    def of(cls, item: ElsewhereQuality, now: datetime) -> Self:
        """Show a sum."""
        return cls(
            version=item.version,
            provinces=item.provinces,
            predictions=item.predictions,
            realized=ObservedView.of(item.realized, "wilson", now),
        )


class LiveQualityView(BaseModel):
    """How good a capability is: province by province where you see them, of all others together."""

    capability: str
    span_days: int = Field(description="Answers of these last days are counted.")
    provinces: list[ProvinceQualityView]
    elsewhere: list[ElsewhereQualityView] = Field(
        description="Of provinces that you do not see one by one, at least three in each sum."
    )
    is_withheld: bool = Field(
        description="Others answered, too few for a sum that gives none of them away."
    )


@router.get(
    "/capabilities/{name}/fit",
    dependencies=[permit(Permission.READ_MONITORING)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def read_fit(
    name: Name,
    province: Annotated[ProvinceName, Query(description="Where it shall work.")],
    session: SessionDep,
    actor: ActorDep,
    facts: FactsDep,
    clock: ClockDep,
    version: Annotated[
        SemanticVersion | None, Query(description="By default the foremost.")
    ] = None,
) -> FitView:
    """Say what a version's quality may be in a province, from counts that are there already."""
    chosen = service.foremost(session, name, version, sight_of(actor))
    actor.hide_unless_seen(province, f"province {province}")
    PlaceStore(session).get(province)
    asked = Series(province, name, chosen)
    return FitView.of(service.fit(session, reach_of(session, actor), facts, asked, clock()))


@router.get(
    "/capabilities/{name}/live-quality",
    dependencies=[permit(Permission.READ_STORE)],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def read_live_quality(
    name: Name, session: SessionDep, actor: ActorDep, facts: FactsDep, clock: ClockDep
) -> LiveQualityView:
    """Show how good the published versions are; whoever reads the store may.

    A province's own figures are for who may read its monitoring of this capability: the province
    itself, the capability's owner, admins. Of all other provinces a reader learns sums alone.
    """
    service.foremost(session, name, None, sight_of(actor))
    now = clock()
    found = service.live(session, facts, name, provinces_of(reach_of(session, actor), name), now)
    return LiveQualityView(
        capability=name,
        span_days=service.QUALITY_SPAN.days,
        provinces=[ProvinceQualityView.of(item, now) for item in found.places],
        elsewhere=[ElsewhereQualityView.of(item, now) for item in found.elsewhere],
        is_withheld=found.is_withheld,
    )
