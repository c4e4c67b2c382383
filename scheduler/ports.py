"""What the scheduler needs of engines that differ in kind."""

from collections.abc import Callable
from typing import Protocol

from scheduler.domain import Binding, Observation


class InstanceRunner(Protocol):
    """Runs instances: as processes of this machine, or elsewhere."""

    @property
    def nodes(self) -> frozenset[str]:
        """Nodes that this runner can start instances on."""
        ...

    def on_change(self, notify: Callable[[], None]) -> None:
        """Have ``notify`` called, on the event loop, whenever an observation changed."""
        ...

    async def start(self, binding: Binding) -> None:
        """Start an instance and keep it running; one that runs already is left alone.

        One with a host is loaded into the host's process, or gets that process where it is gone.
        """
        ...

    async def stop(self, instance: str) -> None:
        """End an instance cleanly, never others of its process; none that runs is no failure."""
        ...

    def observe(self) -> dict[str, Observation]:
        """Return what is known of every instance that was started and not stopped."""
        ...

    def discard(self, instance: str) -> None:
        """Delete what a stopped instance left behind, its journal included."""
        ...

    async def close(self) -> None:
        """Let go of the instances: those that cannot live without this process end."""
        ...


class NodeReporter(Protocol):
    """Speaks for the nodes of a runner that do not speak for themselves."""

    async def register(self) -> None:
        """Report metadata and load for the first time."""
        ...

    async def run(self, interval_seconds: float) -> None:
        """Go on reporting for good."""
        ...
