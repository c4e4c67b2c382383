"""Trials as values: where a capability is tried, how often, and by which token."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from capability_sdk.contracts.manifest import Titles

DAILY_CALLS = 20
"""Calls by which one person may try one capability on one day (UTC), wherever it runs."""

LIFETIME = timedelta(minutes=5)
"""Life of a trial token."""


@dataclass(frozen=True, slots=True)
class TrialPlace:
    """A province where a capability runs.

    Attributes:
        titles: Name for people.
        versions: Versions with traffic, the foremost first.
        is_open: Whether the province lets anybody try.
    """

    province: str
    titles: Titles
    gateway_url: str
    versions: tuple[str, ...]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one person has of one capability's trials on one day."""

    used: int
    limit: int
    renews_at: datetime

    @property
    def remaining(self) -> int:
        """Calls that are left."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class TrialToken:
    """A trial token that was given out; the token itself is kept nowhere.

    Attributes:
        id: The token's ``jti``.
        calls: Calls that it is good for.
        used: Calls that its province reported.
    """

    id: str
    person: str
    capability: str
    province: str
    calls: int
    issued_at: datetime
    expires_at: datetime
    used: int = 0


def day_of(moment: datetime) -> str:
    """Name the day whose allowance counts: a date, UTC."""
    return moment.astimezone(UTC).date().isoformat()


def renewal_after(moment: datetime) -> datetime:
    """Return when the next day begins."""
    tomorrow = moment.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC)
