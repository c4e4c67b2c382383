"""What people read about drift."""

from sqlalchemy.orm import Session

from center.monitoring.domain import DriftVerdict
from center.monitoring.errors import NoProfile
from center.monitoring.store import DriftStore, Standing, drift_of
from center.paging import Page, Paging
from center.reach import Reach


def standings(
    session: Session, reach: Reach, verdict: DriftVerdict | None, paging: Paging
) -> Page[Standing]:
    """Return a page of verdicts within reach; of one kind alone where it is named."""
    conditions = drift_of(
        provinces=reach.provinces, capabilities=reach.capabilities, verdict=verdict
    )
    return DriftStore(session).page(conditions, paging)


def standing(
    session: Session, reach: Reach, capability: str, province: str, version: str | None
) -> Standing:
    """Return the verdict on one version, or on the one last heard of.

    Raises:
        NoProfile: No profile has arrived, or it is out of reach.
    """
    asked = reach.within(province=province, capability=capability)
    if asked.provinces and asked.capabilities:
        for found in DriftStore(session).of_capability(capability, province):
            if version in (None, found.series.version):
                return found
    raise NoProfile(f"No profile of {capability} has arrived from {province}.")
