"""One suite for every engine that runs instances: processes of this machine, and a real cluster.

A cluster's pods run nothing here, so a stand-in answers for them; what a real call answers is tested
on processes alone.
"""

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from capability_sdk.contracts.nodes import InstanceHealth
from scheduler.adapters.kubernetes.cast import Cast
from scheduler.adapters.kubernetes.check import open_cluster
from scheduler.adapters.kubernetes.runner import KubernetesRunner
from scheduler.adapters.kubernetes.storage import Storage
from scheduler.adapters.process import ProcessLimits, ProcessRunner, reap_strays
from scheduler.domain import Binding, Demand, Observation, Unit
from scheduler.ports import InstanceRunner
from tests.integration.kubernetes_world import CLAIM, make_claim
from tests.integration.scheduler_world import STAND_IN, package
from tests.servers.kubernetes.controlplane import ControlPlane
from tests.servers.kubernetes.standin_pods import StandInPods

_SECONDS = 60.0
Open = Callable[[list[Binding]], Awaitable[InstanceRunner]]


class Engine:
    """Opens runners of one engine, each in the place of the one before."""

    def __init__(self, folder: Path, node: str, open_one: Open) -> None:
        self.folder = folder
        self._node = node
        self._open_one = open_one
        self._opened: list[InstanceRunner] = []

    async def open(self, *bindings: Binding) -> InstanceRunner:
        """Start a runner that takes over from an earlier one, which is gone without a word."""
        runner = await self._open_one(list(bindings))
        self._opened.append(runner)
        return runner

    async def close(self) -> None:
        for runner in self._opened:
            await runner.close()

    def binding(self, version: str, host: Binding | None = None, code: str = "0") -> Binding:
        """Bind a version, whose code is the same for all that name none."""
        unit = Unit(
            capability="digit-recognition",
            version=version,
            code_digest="sha256:" + code * 64,
            weights_digest="sha256:" + version.replace(".", "").zfill(64),
            face="one-face",
        )
        return Binding(
            id=f"i-{secrets.token_hex(4)}",
            unit=unit,
            node=self._node,
            package_path=package(self.folder / "packages" / version),
            demand=Demand("onnx", "mlp", cpu_millicores=10, memory_mib=64, gpu_milli=0),
            host="" if host is None else host.process,
        )


@contextlib.asynccontextmanager
async def processes() -> AsyncIterator[Engine]:
    # A path short enough for Unix sockets.
    with tempfile.TemporaryDirectory(prefix="jz-") as folder:
        instances = Path(folder) / "instances"

        async def open_one(bindings: list[Binding]) -> InstanceRunner:
            del bindings  # a process does not outlive its scheduler: none is taken over
            limits = ProcessLimits(timedelta(seconds=30), timedelta(seconds=1))
            runner = ProcessRunner("here", instances, limits, STAND_IN, lambda _: 0.0)
            await asyncio.to_thread(reap_strays, instances)
            return runner

        engine = Engine(Path(folder), "here", open_one)
        try:
            yield engine
        finally:
            await engine.close()


@contextlib.asynccontextmanager
async def cluster(plane: ControlPlane) -> AsyncIterator[Engine]:
    namespace = await asyncio.to_thread(plane.namespace)
    await asyncio.to_thread(make_claim, plane, namespace)
    with (
        tempfile.TemporaryDirectory(prefix="jz-") as folder,
        StandInPods(plane, namespace).running(),
    ):
        cast = Cast(
            edge=secrets.token_hex(8),
            image="example.invalid/jiuzhou",
            user=65532,
            start_timeout=timedelta(seconds=60),
            storage=Storage(CLAIM, Path(folder)),
        )

        async def open_one(bindings: list[Binding]) -> InstanceRunner:
            opened = await open_cluster(plane.kubeconfig, namespace)
            runner = KubernetesRunner(opened, namespace, cast, b"key of the province", dict)
            await runner.open(bindings)
            return runner

        engine = Engine(Path(folder), "node-1", open_one)
        try:
            yield engine
        finally:
            await engine.close()


@pytest.fixture(params=["processes", "kubernetes"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    if request.param == "processes":
        async with processes() as engine:
            yield engine
    else:
        async with cluster(request.getfixturevalue("control_plane")) as engine:
            yield engine


async def ready(runner: InstanceRunner, *bindings: Binding) -> list[Observation]:
    """Wait until instances are ready, and return them as they are observed."""
    async with asyncio.timeout(_SECONDS):
        while True:
            observed = runner.observe()
            found = [observed[item.id] for item in bindings if item.id in observed]
            if [item.health for item in found] == [InstanceHealth.READY] * len(bindings):
                return found
            await asyncio.sleep(0.05)


async def test_a_started_instance_becomes_ready_at_an_address(engine: Engine) -> None:
    runner = await engine.open()
    one = engine.binding("1.0.0")

    assert runner.observe() == {}
    assert one.node in runner.nodes
    await runner.start(one)
    (seen,) = await ready(runner, one)

    assert seen.address.partition(":")[0] in {"unix", "http"}
    assert (seen.restarts, seen.detail) == (0, "")


async def test_starting_again_and_stopping_again_change_nothing(engine: Engine) -> None:
    runner = await engine.open()
    one = engine.binding("1.0.0")
    await runner.start(one)
    (before,) = await ready(runner, one)

    await runner.start(one)
    (after,) = await ready(runner, one)
    assert after == before

    await runner.stop(one.id)
    await runner.stop(one.id)
    await runner.stop("i-never-was")
    assert runner.observe() == {}


async def test_replicas_have_addresses_of_their_own_and_go_one_by_one(engine: Engine) -> None:
    runner = await engine.open()
    one, other = engine.binding("1.0.0"), engine.binding("1.0.0")
    await runner.start(one)
    await runner.start(other)
    first, second = await ready(runner, one, other)
    assert first.address != second.address

    await runner.stop(one.id)

    await ready(runner, other)
    assert set(runner.observe()) == {other.id}


async def test_other_weights_live_beside_their_host_and_outlive_it(engine: Engine) -> None:
    runner = await engine.open()
    host = engine.binding("1.0.0")
    await runner.start(host)
    (alone,) = await ready(runner, host)
    guest = engine.binding("1.1.0", host)

    await runner.start(guest)
    first, second = await ready(runner, host, guest)
    assert first.address == second.address == alone.address

    await runner.stop(host.id)
    (left,) = await ready(runner, guest)
    assert left.address == alone.address
    assert set(runner.observe()) == {guest.id}


async def test_other_code_lives_apart(engine: Engine) -> None:
    runner = await engine.open()
    one, other = engine.binding("1.0.0"), engine.binding("2.0.0", code="1")

    await runner.start(one)
    await runner.start(other)
    first, second = await ready(runner, one, other)

    assert first.address != second.address


async def test_whoever_watches_is_told_of_each_change(engine: Engine) -> None:
    runner = await engine.open()
    told = asyncio.Event()
    runner.on_change(told.set)

    await runner.start(engine.binding("1.0.0"))

    await asyncio.wait_for(told.wait(), _SECONDS)


async def test_a_runner_after_the_first_serves_what_was_bound(engine: Engine) -> None:
    runner = await engine.open()
    one, guest = engine.binding("1.0.0"), engine.binding("1.1.0")
    guest = replace(guest, host=one.id)
    for item in (one, guest):
        await runner.start(item)
    await ready(runner, one, guest)

    await runner.close()
    after = await engine.open(one, guest)
    for item in (one, guest):
        await after.start(item)

    first, second = await ready(after, one, guest)
    assert first.address == second.address
    assert set(after.observe()) == {one.id, guest.id}
