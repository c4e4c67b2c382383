"""HTTP of the feedback domain."""

from fastapi import APIRouter
from pydantic import BaseModel

from capability_sdk.contracts.model import CapabilityName, ProvinceName, UtcTime
from capability_sdk.kit.problems import problem_responses
from center.database import SessionDep
from center.feedback import service
from center.feedback.domain import ClassQuality
from center.feedback.service import JudgedSeries
from center.paging import Page, PagingDep, map_page
from center.permissions import ActorDep, Permission, permit
from center.reach import reach_of

router = APIRouter(tags=["feedback"])


class ClassQualityView(BaseModel):
    """One class against all others."""

    label: str | None
    """Null for all classes that the manifest does not declare."""
    labelled: int
    predicted: int
    precision: float
    sensitivity: float
    specificity: float
    f1: float


class QualityView(BaseModel):
    """Quality of one capability version in one province, from feedback."""

    capability: str
    version: str
    province: str
    accuracy: float | None
    f1: float | None
    """Mean over the classes that occur."""
    sensitivity: float | None
    """Mean over the classes that occur; with two labels, that of the second."""
    specificity: float | None
    """Mean over the classes that occur; with two labels, that of the second."""
    labelled: int
    predictions: int
    coverage: float | None
    """Share of predicted rows that somebody judged."""
    by_class: list[ClassQualityView]
    counted_at: UtcTime


@router.get(
    "/quality",
    dependencies=[permit(Permission.READ_MONITORING)],
    responses=problem_responses(400, 401, 403, 422, 503),
)
def list_quality(
    session: SessionDep,
    actor: ActorDep,
    paging: PagingDep,
    capability: CapabilityName | None = None,
    province: ProvinceName | None = None,
) -> Page[QualityView]:
    """Show how good the answers were."""
    reach = reach_of(session, actor).within(province=province, capability=capability)
    return map_page(service.qualities(session, reach, paging), _view)


def _view(item: JudgedSeries) -> QualityView:
    quality = item.quality
    return QualityView(
        capability=item.series.capability,
        version=item.series.version,
        province=item.series.province,
        accuracy=quality.accuracy,
        f1=quality.f1,
        sensitivity=quality.sensitivity,
        specificity=quality.specificity,
        labelled=quality.labelled,
        predictions=quality.predictions,
        coverage=quality.coverage,
        by_class=[_class_view(found) for found in quality.by_class],
        counted_at=item.counted_at,
    )


def _class_view(item: ClassQuality) -> ClassQualityView:
    return ClassQualityView.model_validate(item, from_attributes=True)
