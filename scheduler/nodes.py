"""The nodes as the scheduler knows them: checked metadata, and the last load of each."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from capability_sdk.contracts.nodes import NodeLoad, NodeMetadata
from capability_sdk.contracts.scheduling import DirectoryView, NodeView
from capability_sdk.directory.errors import NodeRejected
from capability_sdk.directory.nodes import NODES, check_node, node_entry, read_node
from capability_sdk.directory.ports import ServiceDirectory
from capability_sdk.kit.clock import Clock
from scheduler.domain import Binding
from scheduler.errors import NodeNotFound
from scheduler.placement.constraints import NodeState
from scheduler.reservations.claims import takes
from scheduler.reservations.domain import NOTHING, Amounts, taken

_log = logging.getLogger(__name__)


class NodeBoard:
    """Belongs to one event loop. A node that leaves the directory keeps its instances.

    What the directory lists is a claim; what counts is that a node reports its load to us. One that reports
    stays known whatever the directory says, so an empty or flapping one takes no node away; one
    that does not is given nothing, so a lying one brings none.
    """

    def __init__(
        self,
        directory: ServiceDirectory,
        clock: Clock,
        load_valid: timedelta,
        lost_after: timedelta,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._load_valid = load_valid
        self._lost_after = lost_after
        self._listening_since = self._last_look = clock()
        self._loads: dict[str, NodeLoad] = {}
        self._known: dict[str, NodeMetadata] = {}
        self.rejected: dict[str, str] = {}
        self.lent: Mapping[str, Amounts] = {}
        """What is lent of each node to others than instances."""

    async def admit(self, name: str, content: dict[str, object]) -> NodeMetadata:
        """Register a node that reports itself.

        Raises:
            NodeRejected: Its metadata is not acceptable, or a later start of it has reported.
        """
        metadata = check_node(name, content)
        known = {item.node: item for item in await self.metadata()}.get(name)
        if known is not None and known.epoch > metadata.epoch:
            raise NodeRejected(
                f"Node {name} has reported epoch {known.epoch}; {metadata.epoch} is older.",
                node=name,
            )
        await self._directory.register(node_entry(metadata))
        return metadata

    async def metadata(self) -> list[NodeMetadata]:
        """Return every acceptable node that is listed or reports; the others stand in `rejected`."""
        listed = await self._listed()
        for name, metadata in self._known.items():
            is_later = name not in listed or listed[name].epoch < metadata.epoch
            if is_later and self._is_reporting(name):
                listed[name] = metadata
        self._known = listed
        return [listed[name] for name in sorted(listed)]

    async def _listed(self) -> dict[str, NodeMetadata]:
        accepted: dict[str, NodeMetadata] = {}
        rejected: dict[str, str] = {}
        for entry in await self._directory.entries(NODES):
            try:
                accepted[entry.instance] = read_node(entry)
            except NodeRejected as error:
                rejected[entry.instance] = str(error)
                if self.rejected.get(entry.instance) != str(error):
                    _log.warning("%s", error)
        self.rejected = rejected
        return accepted

    def directory_view(self) -> DirectoryView:
        """Return how the directory does, and who is refused or rejected there."""
        health = self._directory.health()
        age = None
        if health.answered_at is not None:
            age = max((self._clock() - health.answered_at).total_seconds(), 0.0)
        return DirectoryView(
            engine=health.engine,
            age_seconds=age,
            detail=health.detail,
            refused_entries=dict(health.refused),
            rejected_nodes=self.rejected,
        )

    def report(self, load: NodeLoad) -> None:
        """Take a node's load; its time is ours, so that no node can report ahead."""
        self._loads[load.node] = load.model_copy(update={"at": self._clock()})

    async def report_known(self, load: NodeLoad) -> None:
        """Take the load of a node that has registered.

        Raises:
            NodeNotFound: It has not.
        """
        if load.node not in {item.node for item in await self.metadata()}:
            raise NodeNotFound(f"Node {load.node} has not registered; it registers at its start.")
        self.report(load)

    def fresh_load(self, node: str) -> NodeLoad | None:
        """Return a node's last load; None where it is older than loads are valid."""
        return self._loads[node] if self._is_reporting(node) else None

    def busy(self, node: str) -> float:
        """Return the share of a node's cores in use, 0 where nothing fresh is known."""
        load = self.fresh_load(node)
        return 0.0 if load is None else load.cpu_fraction

    def lost(self, nodes: Iterable[str]) -> list[str]:
        """Return those of some nodes that have said nothing for too long, while we listened.

        Silence while this process stood still, or before it began, says nothing about a node.
        """
        now = self._clock()
        if not timedelta(0) <= now - self._last_look <= self._load_valid:
            self._listening_since = now
        self._last_look = now
        heard = {node: load.at for node, load in self._loads.items()}
        return sorted(
            node
            for node in nodes
            if now - max(heard.get(node, self._listening_since), self._listening_since)
            > self._lost_after
        )

    async def states(
        self, bindings: Sequence[Binding], startable: frozenset[str]
    ) -> list[NodeState]:
        """Return the nodes as placement sees them."""
        return [
            self._state(metadata, [b for b in bindings if b.node == metadata.node], startable)
            for metadata in await self.metadata()
        ]

    async def views(self, bindings: Sequence[Binding]) -> list[NodeView]:
        """Return the nodes as people and the agent see them."""
        states = await self.states(bindings, frozenset())
        return [
            NodeView(
                metadata=state.metadata,
                load=self._loads.get(state.metadata.node),
                instances=sum(count for _, count in state.instances_of),
                reserved_cpu_millicores=state.reserved_cpu_millicores,
                reserved_memory_mib=state.reserved_memory_mib,
                reserved_gpu_milli=sum(state.reserved_gpu),
            )
            for state in states
        ]

    def _state(
        self, metadata: NodeMetadata, bound: Sequence[Binding], startable: frozenset[str]
    ) -> NodeState:
        counts: dict[str, int] = {}
        for binding in bound:
            counts[binding.unit.capability] = counts.get(binding.unit.capability, 0) + 1
        reserved = taken((item.process, takes(item.demand, item.devices)) for item in bound)
        reserved += self.lent.get(metadata.node, NOTHING)
        return NodeState(
            metadata=metadata,
            reserved_cpu_millicores=reserved.cpu_millicores,
            reserved_memory_mib=reserved.memory_mib,
            reserved_gpu=reserved.devices,
            instances_of=tuple(counts.items()),
            units=frozenset(binding.unit.key for binding in bound),
            busy_fraction=self.busy(metadata.node),
            is_reporting=self._is_reporting(metadata.node),
            is_startable=metadata.node in startable,
        )

    def _is_reporting(self, node: str) -> bool:
        load = self._loads.get(node)
        return load is not None and self._clock() - load.at <= self._load_valid
