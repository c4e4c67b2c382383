"""What the addresses for machines that joined work with."""

from collections.abc import Callable
from dataclasses import dataclass

from scheduler.adapters.remote import RemoteRunner
from scheduler.joining.packages import Archives
from scheduler.joining.service import Joining


@dataclass(frozen=True, slots=True)
class JoiningParts:
    """The parts.

    Attributes:
        members: Who joined.
        runner: What they shall run, and what they report.
        archives: Packages as they fetch them.
        lease_seconds: How long a node's instances may answer without a word from here; no longer than
            it takes until a silent node's instances are placed elsewhere.
        sampling: Share of a capability's calls that its inference log keeps.
    """

    members: Joining
    runner: RemoteRunner
    archives: Archives
    lease_seconds: float
    sampling: Callable[[str], float]
