"""Time as a dependency, so that a test can stand at any moment."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, aware, UTC."""


def system_clock() -> datetime:
    """Return the machine's present moment, UTC."""
    return datetime.now(UTC)
