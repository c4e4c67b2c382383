"""What people read about quality."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from center.capability.rows import CapabilityVersionRow
from center.feedback.domain import Quality, quality_of
from center.feedback.store import QualitySeries, QualityStore, QualitySums, quality_of_series
from center.paging import Page, Paging, map_page
from center.reach import Reach


@dataclass(frozen=True, slots=True)
class JudgedSeries:
    """Quality of one capability version in one province, and when it last changed."""

    series: QualitySeries
    quality: Quality
    counted_at: datetime


def qualities(session: Session, reach: Reach, paging: Paging) -> Page[JudgedSeries]:
    """Return a page of quality figures within reach."""
    conditions = quality_of_series(provinces=reach.provinces, capabilities=reach.capabilities)
    page = QualityStore(session).page(conditions, paging)
    labels = _labels(session, page.items)
    return map_page(
        page,
        lambda sums: JudgedSeries(
            sums.series,
            quality_of(
                labels.get((sums.series.capability, sums.series.version), []),
                sums.confusion,
                sums.predictions,
            ),
            sums.counted_at,
        ),
    )


def _labels(session: Session, sums: list[QualitySums]) -> dict[tuple[str, str], list[str]]:
    """Declared labels of each version on a page."""
    wanted = {(item.series.capability, item.series.version) for item in sums}
    row = CapabilityVersionRow
    statement = select(row.capability, row.version, row.manifest).where(
        tuple_(row.capability, row.version).in_(sorted(wanted))
    )
    found: dict[tuple[str, str], list[str]] = {}
    manifest: dict[str, Any]
    for capability, version, manifest in session.execute(statement):
        found[capability, version] = manifest["quality"]["labels"] or []
    return found
