"""Runs instances on the machines that joined (port `InstanceRunner`): they fetch what they shall run.

Nothing is ever sent to a node: it polls for its assignment and reports what became of it. Belongs to
one event loop.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from capability_sdk.contracts.joining import ObservedInstance
from capability_sdk.contracts.nodes import InstanceHealth
from scheduler.domain import Binding, Observation

_STOP_SECONDS = 15.0
"""How long a node gets to end an instance; its process has 10 s to finish what it does."""
_LONGEST_LOOK_SECONDS = 5.0
SILENT = "node-silent"
UNVERIFIABLE = "package-not-verifiable"
"""Nobody said by which digest and key a machine that fetches the package could verify it."""


@dataclass(slots=True)
class _Node:
    """What a node shall run, and what it said last."""

    assigned: dict[str, Binding] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """Instances that no machine but this one could run, and why."""
    revision: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    observed: dict[str, Observation] = field(default_factory=dict)
    heard_at: float | None = None
    reported: asyncio.Event = field(default_factory=asyncio.Event)

    def change(self) -> None:
        """Have whoever polls hear of a new assignment."""
        # By the clock, so that a restarted scheduler does not come back to an earlier number.
        self.revision = max(self.revision + 1, time.time_ns() // 1_000_000)
        self.changed.set()
        self.changed = asyncio.Event()


class RemoteRunner:
    """Keeps the assignment of every node that joined, and what the nodes report."""

    def __init__(
        self,
        joined: Callable[[], frozenset[str]],
        silent_after: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            joined: Tells the nodes that joined.
            silent_after: Seconds without a report after which a node's instances count as failed.
            monotonic: Tells the time.
        """
        self._joined = joined
        self._silent_after = silent_after
        self._monotonic = monotonic
        self._nodes: dict[str, _Node] = {}
        self._listening_since = self._last_look = monotonic()
        self._notify: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        self._is_closed = False

    @property
    def nodes(self) -> frozenset[str]:
        """The machines that joined."""
        return self._joined()

    def on_change(self, notify: Callable[[], None]) -> None:
        """Have ``notify`` called whenever an observation changed."""
        self._notify = notify

    async def start(self, binding: Binding) -> None:
        """Put an instance into its node's assignment, where it stays until `stop`."""
        node = self._node(binding.node)
        if binding.id in node.assigned:
            return
        if not (binding.unit.package_digest and binding.unit.author_key):
            node.refused[binding.id] = UNVERIFIABLE
            return
        node.assigned[binding.id] = binding
        node.change()

    async def stop(self, instance: str) -> None:
        """Take an instance out of its node's assignment; wait until the node has ended it.

        A node that is silent is not waited for: it ends what is not its any more when it is back.
        """
        for name, node in list(self._nodes.items()):
            node.refused.pop(instance, None)
            if node.assigned.pop(instance, None) is not None:
                node.change()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._until_gone(name, node, instance), _STOP_SECONDS)
                node.observed.pop(instance, None)
                return

    def observe(self) -> dict[str, Observation]:
        """Return what the nodes reported; an instance on a silent one has failed."""
        self._look()
        found: dict[str, Observation] = {}
        for node in self._nodes.values():
            is_silent = self._is_silent(node)
            for instance, reason in node.refused.items():
                found[instance] = Observation(instance, InstanceHealth.FAILED, 0, reason, "")
            for instance in node.assigned:
                if is_silent:
                    found[instance] = Observation(instance, InstanceHealth.FAILED, 0, SILENT, "")
                elif (seen := node.observed.get(instance)) is not None:
                    found[instance] = seen
        return found

    def discard(self, instance: str) -> None:
        """Do nothing: a node keeps house itself."""

    async def close(self) -> None:
        """Let go: instances go on, until their node's lease is over."""
        self.release_waiting()

    def release_waiting(self) -> None:
        """Answer who polls now and from now on at once; callable from anywhere."""
        self._is_closed = True
        self._loop.call_soon_threadsafe(self._release)

    def _release(self) -> None:
        for node in self._nodes.values():
            node.changed.set()
            node.reported.set()

    # --- what the nodes ask and tell --------------------------------------------------------------

    def assigned(self, name: str) -> tuple[int, Sequence[Binding]]:
        """Return the revision of a node's assignment, and its instances in the order of their start."""
        node = self._node(name)
        return node.revision, list(node.assigned.values())

    async def wait(self, name: str, after: int, seconds: float) -> None:
        """Return as soon as a node's assignment has another revision, at the latest in time."""
        node = self._node(name)
        if node.revision == after and not self._is_closed:
            changed = node.changed
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await changed.wait()

    def report(self, name: str, host: str, instances: Sequence[ObservedInstance]) -> int:
        """Take what a node sees of its instances; return the revision of its assignment.

        Only what it was assigned counts, and addresses only on the host that it joined with.
        """
        node = self._node(name)
        observed = {item.id: _observation(item, host) for item in instances}
        if observed != node.observed:
            node.observed = observed
            self._notify()
        node.heard_at = self._monotonic()
        node.reported.set()
        node.reported = asyncio.Event()
        return node.revision

    def forget(self, name: str) -> None:
        """Drop a machine that was removed."""
        self._nodes.pop(name, None)
        self._notify()

    def _node(self, name: str) -> _Node:
        return self._nodes.setdefault(name, _Node())

    def _is_silent(self, node: _Node) -> bool:
        last = self._listening_since
        if node.heard_at is not None:
            last = max(last, node.heard_at)
        return self._monotonic() - last > self._silent_after

    def _look(self) -> None:
        """Begin to listen anew where this process itself stood still: that is no node's silence."""
        now = self._monotonic()
        if now - self._last_look > _LONGEST_LOOK_SECONDS:
            self._listening_since = now
        self._last_look = now

    async def _until_gone(self, name: str, node: _Node, instance: str) -> None:
        while (
            self._nodes.get(name) is node
            and instance in node.observed
            and not self._is_silent(node)
            and not self._is_closed
        ):
            await node.reported.wait()


def _observation(seen: ObservedInstance, host: str) -> Observation:
    return Observation(
        id=seen.id,
        health=seen.health,
        restarts=seen.restarts,
        detail=seen.detail,
        address=f"http://{host}:{seen.port}",
        credential=seen.credential,
    )
