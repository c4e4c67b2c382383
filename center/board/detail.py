"""What HTTP shows of one capability in one province, and of one of its columns."""

from collections import Counter
from typing import Self

from pydantic import Field

from capability_sdk.contracts.model import UtcTime, Wire
from center.board.histograms import ColumnStory, Histogram
from center.board.service import CellStory
from center.board.views import (
    BoardCellView,
    HeadView,
    PlaceView,
    cell_members,
    head_members,
    place_members,
)
from center.monitoring.domain import (
    FALSE_DISCOVERY_RATE,
    MATERIAL_EFFECT,
    STRONG_EFFECT,
    ColumnMovement,
    DriftVerdict,
)


class ThresholdsView(Wire):
    """From which figures on a column counts as moved, and who set them."""

    material: float = MATERIAL_EFFECT
    """Least effect, where the sample before shows it as well."""
    strong: float = STRONG_EFFECT
    """Least effect that counts at once."""
    false_discovery_rate: float = FALSE_DISCOVERY_RATE
    """Largest q-value."""
    set_by: str = Field(default="platform", description="`platform`: its defaults, see ADR 5.")


class MovementView(Wire):
    """How one column of the newest sample stands to the training data."""

    column: str
    statistic: float
    p: float
    q: float
    effect: float
    moved: bool
    shift: float | None
    """Of the mean, in standard deviations of the training data; null for a category."""
    null_share: float
    outside_share: float
    """Beyond the training data's range, or of a level that it never saw."""

    @classmethod
    def of(cls, item: ColumnMovement) -> Self:
        """Show a column."""
        return cls.model_validate(item, from_attributes=True)


class DriftPointView(Wire):
    """The judgement as it stood at one hour."""

    at: UtcTime
    verdict: DriftVerdict
    rows: int
    moved: int
    column: str | None
    effect: float | None
    estimate: float | None
    """Accuracy as estimated from the scores alone; null where they are no probabilities."""


class QualityPointView(Wire):
    """Realized accuracy of one day, with its 95 % interval."""

    at: UtcTime
    accuracy: float
    low: float
    high: float
    labelled: int


class MarkerView(Wire):
    """An act that may explain a change."""

    at: UtcTime
    kind: str = Field(examples=["deployment"])
    by: str
    versions: list[str]


class CellStoryView(Wire):
    """One capability in one province: verdict, timeline, columns by contribution."""

    cell: BoardCellView
    province: PlaceView
    capability: HeadView
    window_from: UtcTime | None
    window_to: UtcTime | None
    thresholds: ThresholdsView
    columns: list[MovementView]
    drift: list[DriftPointView]
    quality: list[QualityPointView]
    markers: list[MarkerView]

    @classmethod
    def of(cls, found: CellStory) -> Self:
        """Show a cell's story."""
        judgement = found.standing.judgement if found.standing is not None else None
        counts = Counter([found.cell.state])
        return cls(
            cell=BoardCellView.model_validate(cell_members(found.cell)),
            province=PlaceView.model_validate(place_members(found.place, counts)),
            capability=HeadView.model_validate(head_members(found.head)),
            window_from=judgement.window_from if judgement is not None else None,
            window_to=judgement.window_to if judgement is not None else None,
            thresholds=ThresholdsView(),
            columns=[MovementView.of(item) for item in judgement.columns] if judgement else [],
            drift=[DriftPointView.model_validate(p, from_attributes=True) for p in found.points],
            quality=[
                QualityPointView.model_validate(p, from_attributes=True) for p in found.quality
            ],
            markers=[MarkerView.model_validate(m, from_attributes=True) for m in found.markers],
        )


class HistogramView(Wire):
    """Counts of a column in its cells."""

    at: UtcTime | None
    """Start of the hours; null for the training data."""
    rows: int
    counts: list[int]
    null: int
    outside: int
    other: int

    @classmethod
    def of(cls, item: Histogram) -> Self:
        """Show counts."""
        return cls.model_validate(item, from_attributes=True)


class ColumnStoryView(Wire):
    """One column: training data and newest sample on the same cells, and the same hour before."""

    movement: MovementView
    edges: list[float]
    """Of a quantity's bins, one more than counts; empty for a category."""
    levels: list[str]
    reference: HistogramView
    current: HistogramView
    same_hour: list[HistogramView]
    thresholds: ThresholdsView

    @classmethod
    def of(cls, found: ColumnStory) -> Self:
        """Show a column's story."""
        return cls(
            movement=MovementView.of(found.movement),
            edges=list(found.edges),
            levels=list(found.levels),
            reference=HistogramView.of(found.reference),
            current=HistogramView.of(found.current),
            same_hour=[HistogramView.of(item) for item in found.same_hour],
            thresholds=ThresholdsView(),
        )
