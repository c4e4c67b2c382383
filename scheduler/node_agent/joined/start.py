"""Puts the agent of a machine that joined together."""

import asyncio
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from capability_sdk.kit.clock import system_clock
from capability_sdk.kit.lease import ServingLease
from scheduler.adapters.process import ProcessLimits, ProcessRunner, Reach, reap_strays
from scheduler.domain import DEVICE_MILLI
from scheduler.node_agent.gpus import GpuWatch
from scheduler.node_agent.inventory import Offer, describe_machine
from scheduler.node_agent.joined.errors import AlreadyRuns
from scheduler.node_agent.joined.keeper import InstanceKeeper
from scheduler.node_agent.joined.link import SchedulerLink
from scheduler.node_agent.joined.packages import NodePackages
from scheduler.node_agent.joined.run import JoinedNode, run_agent
from scheduler.node_agent.joined.settings import NodeSettings
from scheduler.node_agent.joined.site import NodeSite, read_site
from scheduler.node_agent.load import LoadMeter

_LEASE_FILE = "lease"


async def run_node(folder: Path, say: Callable[[str], None]) -> None:
    """Run the agent of a machine until SIGTERM or Ctrl-C.

    Args:
        folder: That the machine joined with, absolute.
        say: Tells a person what happens.

    Raises:
        NotJoined: The folder is not one.
        AlreadyRuns: Another agent works in it.
        NodeRejected: The scheduler does not believe what the machine says of itself.
    """
    settings = NodeSettings()
    site, credential = read_site(folder)
    lock = _lock(folder)
    try:
        lease = ServingLease.create(folder / _LEASE_FILE)
        shares: dict[str, float] = {}
        runner = await asyncio.to_thread(_runner, settings, site, folder, shares)
        offer = Offer(
            site.node, settings.families, settings.engines, settings.triton, settings.labels
        )
        metadata = await asyncio.to_thread(describe_machine, offer)
        gpus = GpuWatch(metadata.gpu_milli // DEVICE_MILLI)
        link = SchedulerLink(site, credential)
        keeper = InstanceKeeper(site.node, NodePackages(link, folder / "packages"), runner, shares)
        meter = LoadMeter(site.node, runner.loads, gpus, system_clock)
        say(f"{site.node} serves {site.scheduler_url} …")
        node = JoinedNode(metadata, link, lease, keeper, meter)
        await run_agent(node, gpus, settings.load_interval.total_seconds(), say)
    finally:
        os.close(lock)


def _runner(
    settings: NodeSettings, site: NodeSite, folder: Path, shares: Mapping[str, float]
) -> ProcessRunner:
    instances = folder / "instances"
    runner = ProcessRunner(
        site.node,
        instances,
        ProcessLimits(settings.start_timeout, settings.longest_delay),
        settings.serving_module,
        lambda capability: shares.get(capability, 0.0),
        settings.triton,
        Reach(site.host, folder / _LEASE_FILE),
    )
    reap_strays(instances)
    _collect(instances, settings.keep_retired)
    return runner


def _collect(instances: Path, keep: timedelta) -> None:
    """Delete the folders of instances that ended long ago, with their journals."""
    before = time.time() - keep.total_seconds()
    for path in instances.iterdir():
        if path.stat().st_mtime < before:
            shutil.rmtree(path, ignore_errors=True)


def _lock(folder: Path) -> int:
    """Take the folder for this process, until it ends."""
    descriptor = os.open(folder / "node.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise AlreadyRuns(f"Another agent works in {folder}; stop it first.") from None
    return descriptor
