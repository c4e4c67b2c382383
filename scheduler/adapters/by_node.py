"""One runner of two: instances on machines that joined, and all others where the scheduler runs them."""

import asyncio
from collections.abc import Callable

from scheduler.adapters.remote import RemoteRunner
from scheduler.domain import Binding, Observation
from scheduler.ports import InstanceRunner


class RunnersByNode:
    """Asks the runner that a binding's node belongs to (port `InstanceRunner`)."""

    def __init__(self, near: InstanceRunner, remote: RemoteRunner) -> None:
        """Prepare.

        Args:
            near: Runs what is bound to no machine that joined.
            remote: Runs the rest.
        """
        self._near = near
        self._remote = remote

    @property
    def nodes(self) -> frozenset[str]:
        """Nodes of both."""
        return self._near.nodes | self._remote.nodes

    def on_change(self, notify: Callable[[], None]) -> None:
        """Have ``notify`` called whenever an observation of either changed."""
        self._near.on_change(notify)
        self._remote.on_change(notify)

    async def start(self, binding: Binding) -> None:
        """Start an instance where it is bound."""
        is_remote = binding.node in self._remote.nodes
        await (self._remote if is_remote else self._near).start(binding)

    async def stop(self, instance: str) -> None:
        """End an instance wherever it runs."""
        await asyncio.gather(self._near.stop(instance), self._remote.stop(instance))

    def observe(self) -> dict[str, Observation]:
        """Return what is known of every instance."""
        return {**self._near.observe(), **self._remote.observe()}

    def discard(self, instance: str) -> None:
        """Delete what a stopped instance left behind."""
        self._near.discard(instance)
        self._remote.discard(instance)

    async def close(self) -> None:
        """Let go of both."""
        await asyncio.gather(self._near.close(), self._remote.close())
