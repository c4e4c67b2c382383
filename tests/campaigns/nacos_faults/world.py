"""A province on a Nacos of its own: scheduler, gateway and one instance, a second node, and a watch.

Node ``own`` is the scheduler's machine. Node ``peer`` is another program of the province: it registers in Nacos
and reports its load to the scheduler, as long as the world stands.
"""

import asyncio
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.nodes import NodeMetadata
from capability_sdk.directory.nacos.directory import NacosDirectory
from capability_sdk.directory.nacos.envelope import key_of
from capability_sdk.directory.nodes import node_entry
from capability_sdk.packaging.digests import digests_of
from tests.gateway_province import (
    APPLICATION,
    INTERNAL_TOKEN,
    PROVINCE,
    Gateway,
    Peers,
    Province,
    running_gateway,
)
from tests.integration.nacos_world import Meeting
from tests.integration.scheduler_world import SchedulerProcess
from tests.integration.serving_process import CAPABILITY, scaling_package
from tests.servers.nacos import Nacos, running_nacos
from tests.waiting import eventually

OWN, PEER = "own", "peer"
_NAMESPACE = "campaign"
_WATCH_SECONDS = 0.2
_REPORT_SECONDS = 0.5
_T = TypeVar("_T")


def peer_metadata(**changes: object) -> NodeMetadata:
    """Describe the second node, with changes."""
    members: dict[str, object] = {
        "node": PEER,
        "epoch": 1,
        "families": ["linear"],
        "engines": ["onnx"],
        "cpu_millicores": 4000,
        "memory_mib": 8192,
    }
    return NodeMetadata.model_validate(members | changes)


PEER_ENTRY = node_entry(peer_metadata(), "10.0.0.7:9000")


@dataclass
class World:
    """What a run needs at hand."""

    nacos: Nacos
    meeting: Meeting
    scheduler: SchedulerProcess
    gateway: Gateway
    province: Province
    deployment: dict[str, Any]
    loop: asyncio.AbstractEventLoop
    peer: NacosDirectory
    lost: set[str] = field(default_factory=set)
    strange: set[str] = field(default_factory=set)
    watches: int = 0

    def do(self, what: Coroutine[Any, Any, _T]) -> _T:
        """Run something on the loop that the directories of the second node and of strangers live on."""
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(120)

    def reporting(self) -> set[str]:
        """Name the nodes that the scheduler counts on: known, and reporting their load."""
        nodes = self.scheduler.http.get("/api/v1/nodes").json()
        return {node["metadata"]["node"] for node in nodes if node["load"] is not None}

    def directory(self) -> dict[str, Any]:
        """Return how the scheduler's directory does."""
        found: dict[str, Any] = self.scheduler.http.get("/api/v1/directory").json()
        return found

    def decided(self) -> int:
        """Count the placement decisions that bound something."""
        return sum(item["node"] is not None for item in self.scheduler.decisions())


@contextmanager
def running_world() -> Iterator[World]:
    """Run it for the length of a ``with`` block; the path is short enough for Unix sockets."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jz-")))
        nacos = stack.enter_context(running_nacos(folder / "nacos"))
        province = Province(folder / PROVINCE)
        province.subscribe(APPLICATION, capability=CAPABILITY)
        scheduler = SchedulerProcess(province.folder, **_settings(nacos))
        stack.callback(scheduler.stop)
        scheduler.start()
        deployment = _deployment(folder / "package")
        scheduler.put(deployment).raise_for_status()
        eventually(scheduler.versions)
        Peers(folder / "peers", stack).agent(province)
        province.deployments = {CAPABILITY: {deployment["version"]: 100}}
        province.place({deployment["version"]: scheduler.endpoints()[0]["address"]}, CAPABILITY)
        province.publish()
        gateway = stack.enter_context(running_gateway(province))
        meeting = Meeting(nacos, folder / "clients", _NAMESPACE, key_of(INTERNAL_TOKEN))
        loop = stack.enter_context(_running_loop())
        peer = meeting.directory()
        world = World(nacos, meeting, scheduler, gateway, province, deployment, loop, peer)
        stack.enter_context(_second_node(world))
        stack.enter_context(_watching(world))
        yield world


def _settings(nacos: Nacos) -> dict[str, str]:
    return {
        "SCHEDULER_NODE": OWN,
        "SCHEDULER_FAMILIES": '["linear"]',
        "SCHEDULER_SERVING_MODULE": "capability_sdk.serving",
        "SCHEDULER_DIRECTORY": "nacos",
        "SCHEDULER_NACOS_ADDRESS": nacos.address,
        "SCHEDULER_NACOS_NAMESPACE": _NAMESPACE,
        "SCHEDULER_NACOS_USERNAME": nacos.username,
        "SCHEDULER_NACOS_PASSWORD": nacos.password,
    }


def _deployment(folder: Path) -> dict[str, Any]:
    scaling_package(folder, "1.0.0", 3.0)
    digests = digests_of(folder)
    manifest = Manifest.from_toml((folder / "capability.toml").read_text())
    return {
        "capability": CAPABILITY,
        "version": "1.0.0",
        "package_path": str(folder),
        "code_digest": digests.code,
        "weights_digest": digests.weights,
        "manifest": manifest.model_dump(mode="json"),
    }


@contextmanager
def _running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="clients")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def _second_node(world: World) -> Iterator[None]:
    over = threading.Event()

    def report() -> None:
        load = {"node": PEER, "cpu_fraction": 0.1, "memory_fraction": 0.1}
        headers = {"authorization": f"Bearer {INTERNAL_TOKEN}"}
        base = f"http://127.0.0.1:{world.scheduler.port}"
        with httpx.Client(base_url=base, headers=headers, timeout=30) as client:
            while not over.wait(_REPORT_SECONDS):
                at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                client.put(f"/api/v1/nodes/{PEER}/load", json=load | {"at": at})

    thread = threading.Thread(target=report, name="peer reports")
    world.do(world.peer.register(PEER_ENTRY))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        world.do(world.peer.close())


@contextmanager
def _watching(world: World) -> Iterator[None]:
    """Look several times a second who is counted on, from the moment that both nodes are."""
    over = threading.Event()
    healthy = {OWN, PEER}

    def watch() -> None:
        is_complete = False
        while not over.wait(_WATCH_SECONDS):
            seen = world.reporting()
            is_complete = is_complete or seen >= healthy
            world.strange |= seen - healthy
            if is_complete:
                world.watches += 1
                world.lost |= healthy - seen

    thread = threading.Thread(target=watch, name="watch")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
