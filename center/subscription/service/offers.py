"""Whether a capability takes subscriptions of a province."""

from datetime import datetime

from sqlalchemy.orm import Session

from center.capability.domain import Stage
from center.capability.store import CapabilityStore, Sight
from center.subscription.errors import NotInProvince, NotOffered


def require_offered(session: Session, capability: str, province: str, at: datetime) -> None:
    """Refuse a subscription that no version could serve.

    Raises:
        CapabilityNotFound: The store has none of this name.
        NotOffered: Every version is deprecated, or its approval has ended.
        NotInProvince: The versions in force were approved for other provinces.
    """
    versions = CapabilityStore(session).versions(capability, Sight())
    in_force = [
        item.review.conditions
        for item in versions
        if item.stage is Stage.PUBLISHED and item.review.conditions.holds(at)
    ]
    if not in_force:
        raise NotOffered(f"No version of {capability} is open for new subscriptions.")
    if not any(conditions.admits(province) for conditions in in_force):
        raise NotInProvince(f"{capability} was not approved for {province}.", province=province)
