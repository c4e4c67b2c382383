"""What the objects of every workload of a province have in common."""

from dataclasses import dataclass
from datetime import timedelta

from scheduler.adapters.kubernetes.storage import Storage

OWNED_BY = "app.kubernetes.io/managed-by"
EDGE = "jiuzhou.io/edge"
WORKLOAD = "jiuzhou.io/workload"
MANAGER = "jiuzhou"


@dataclass(frozen=True, slots=True)
class Cast:
    """What is the same for all.

    Attributes:
        edge: Identity of the province's folder.
        image: Container image with the serving runtime.
        user: Numeric user that instances run as; never 0.
        start_timeout: How long a pod may take to become ready.
        storage: Where packages are, here and in a pod.
    """

    edge: str
    image: str
    user: int
    start_timeout: timedelta
    storage: Storage

    @property
    def selector(self) -> str:
        """Selects every object of the province."""
        return f"{OWNED_BY}={MANAGER},{EDGE}={self.edge}"
