"""What reviews and retirements need of domains above, which this one must not know."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Affected:
    """A subscription whose calls a version answers now."""

    subscription: str
    application: str
    province: str
    requested_by: str


class FindAffected(Protocol):
    """Knows whose calls a version answers; `center.app` passes it in."""

    def __call__(self, session: Session, capability: str, version: str) -> list[Affected]:
        """Return the subscriptions in provinces that run the version, by province."""
        ...


class TellSubscribers(Protocol):
    """Leaves a notice in the history of subscriptions; `center.app` passes it in."""

    def __call__(
        self,
        session: Session,
        subscriptions: list[str],
        kind: str,
        by: str,
        at: datetime,
        detail: dict[str, object],
    ) -> None:
        """Write one event for each subscription, within the caller's transaction."""
        ...
