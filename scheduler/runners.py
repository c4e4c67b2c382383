"""Where instances run, and who speaks for the nodes there: picked by the settings."""

import asyncio
import hashlib
from pathlib import Path

from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.directory.ports import ServiceDirectory
from capability_sdk.kit.clock import Clock
from scheduler.adapters.process import ProcessLimits, ProcessRunner, reap_strays
from scheduler.domain import DEVICE_MILLI, Unit, unit_of
from scheduler.node_agent.agent import NodeAgent
from scheduler.node_agent.gpus import GpuWatch
from scheduler.node_agent.inventory import Offer, describe_machine
from scheduler.node_agent.load import LoadMeter
from scheduler.nodes import NodeBoard
from scheduler.ports import InstanceRunner, NodeReporter
from scheduler.settings import SchedulerSettings
from scheduler.store import SchedulerStore

Boards = tuple[ServiceDirectory, NodeBoard, Clock]
"""What a reporter of nodes writes to, and its time."""


async def choose_runner(
    settings: SchedulerSettings, store: SchedulerStore, secret: str, boards: Boards
) -> tuple[InstanceRunner, NodeReporter]:
    """Start the runner that the settings ask for, with the instances that it has already.

    Args:
        settings: Of this scheduler.
        store: What is bound.
        secret: Of the province's own processes.
        boards: Where nodes are reported.

    Raises:
        ClusterUnusable: Instances shall run in a cluster that cannot be used.
    """
    if settings.runner == "kubernetes":
        return await _on_kubernetes(settings, store, secret, boards)
    return await _on_this_machine(settings, boards)


def _bounds(store: SchedulerStore) -> dict[Unit, int]:
    """Return the most replicas of each version that has a scaling rule."""
    desired = store.desired()
    found = () if desired is None else desired.deployments
    return {unit_of(item): item.scaling.max for item in found if item.scaling is not None}


class _Machine:
    """Speaks for this machine: the agent's word, and what the GPUs are asked for it."""

    def __init__(self, agent: NodeAgent, gpus: GpuWatch) -> None:
        self._agent = agent
        self._gpus = gpus

    async def register(self) -> None:
        await self._agent.register()

    async def run(self, interval_seconds: float) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._gpus.run())
            tasks.create_task(self._agent.run(interval_seconds))


async def _on_this_machine(
    settings: SchedulerSettings, boards: Boards
) -> tuple[InstanceRunner, NodeReporter]:
    directory, nodes, clock = boards
    metadata = await asyncio.to_thread(describe_machine, _offer(settings))
    runner = await asyncio.to_thread(_processes, settings, metadata)
    gpus = GpuWatch(metadata.gpu_milli // DEVICE_MILLI)
    meter = LoadMeter(metadata.node, runner.loads, gpus, clock)
    return runner, _Machine(NodeAgent(metadata, directory, meter, nodes.report), gpus)


async def _on_kubernetes(
    settings: SchedulerSettings,
    store: SchedulerStore,
    secret: str,
    boards: Boards,
) -> tuple[InstanceRunner, NodeReporter]:
    # The client's imports are paid for by who uses it.
    from scheduler.adapters.kubernetes import start  # noqa: PLC0415 - see above

    directory, nodes, clock = boards
    runner = await start.start_runner(
        start.Place(settings.kubeconfig or Path(), settings.kubernetes_namespace),
        start.Cast(
            edge=hashlib.sha256(secret.encode()).hexdigest()[:16],
            image=settings.kubernetes_image,
            user=settings.kubernetes_user,
            start_timeout=settings.start_timeout,
            storage=start.Storage(
                settings.kubernetes_claim,
                (settings.kubernetes_storage or settings.data).absolute(),
            ),
        ),
        secret.encode(),
        await asyncio.to_thread(store.bindings),
        lambda: _bounds(store),
    )
    offer = (settings.families, settings.engines or start.IMAGE_ENGINES)
    return runner, start.ClusterNodes(
        lambda: runner.cluster_nodes, offer, directory, nodes.report, clock
    )


def _offer(settings: SchedulerSettings) -> Offer:
    return Offer(
        node=settings.node,
        families=settings.families,
        engines=settings.engines,
        triton=settings.triton,
        labels=settings.labels,
    )


def _processes(settings: SchedulerSettings, metadata: NodeMetadata) -> ProcessRunner:
    instances = settings.data.absolute() / "instances"
    limits = ProcessLimits(settings.start_timeout, settings.longest_delay)
    runner = ProcessRunner(
        metadata.node,
        instances,
        limits,
        settings.serving_module,
        lambda capability: settings.sample_shares.get(capability, settings.sample_share),
        settings.triton,
    )
    reap_strays(instances)
    return runner
