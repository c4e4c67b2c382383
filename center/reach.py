"""What somebody may look at: which provinces, and which capabilities."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.capability.rows import CapabilityRow
from center.permissions import Actor


@dataclass(frozen=True, slots=True)
class Reach:
    """Names within reach; None stands for all of them."""

    provinces: Collection[str] | None = None
    capabilities: Collection[str] | None = None

    def within(self, *, province: str | None, capability: str | None) -> "Reach":
        """Return what is left when one province or one capability is asked for."""
        return Reach(
            provinces=_narrowed(self.provinces, province),
            capabilities=_narrowed(self.capabilities, capability),
        )


def reach_of(session: Session, actor: Actor) -> Reach:
    """Tell whose figures somebody sees.

    Everybody sees the provinces of their grant: operators their own, engineers and admins by default
    all; engineers there see the capabilities that their organisation owns.
    """
    if actor.owner is None:
        return Reach(provinces=actor.provinces)
    owned = select(CapabilityRow.name).where(CapabilityRow.owner == actor.owner)
    return Reach(provinces=actor.provinces, capabilities=frozenset(session.scalars(owned)))


def provinces_of(reach: Reach, capability: str) -> Collection[str] | None:
    """Return the provinces whose figures of one capability are within reach; None for all."""
    is_theirs = reach.capabilities is None or capability in reach.capabilities
    return reach.provinces if is_theirs else frozenset()


def _narrowed(allowed: Collection[str] | None, wanted: str | None) -> Collection[str] | None:
    if wanted is None:
        return allowed
    return frozenset({wanted}) if allowed is None or wanted in allowed else frozenset()
