"""Four nodes of one machine: control groups that get 20, 20, 10 and 5 % of one core.

On each runs an instance of a light and one of a heavy capability, as shipped. They join their node when
they are ready: a start on a twentieth of a core takes minutes.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.contracts.nodes import Endpoint, NodeMetadata
from capability_sdk.packaging.digests import digests_of
from capability_sdk.sandbox.cgroups import Group, GroupLimits, make_group
from scheduler.dispatch.services import Service
from scheduler.dispatch.weights import speed_of, weigh
from tests.bench.procedure import SERVER_CORE, pinned_to
from tests.servers.process import running
from tests.unit.capability_sdk.serving.packages import (
    identity_model,
    looping_model,
    manifest,
    write_package,
)

CORES = (0.20, 0.20, 0.10, 0.05)
LIGHT, HEAVY = "light", "heavy"
_VERSION = "1.0.0"
_HEAVY_NUMBERS = 400
_HEAVY_ROUNDS = 800
_MEMORY_BYTES, _PIDS = 2 << 30, 200


@dataclass(frozen=True, slots=True)
class Instance:
    """A running instance."""

    capability: str
    node: int
    pid: int
    address: str


def write_packages(folder: Path) -> dict[str, Path]:
    """Write the packages of both capabilities."""
    light = manifest(
        name=LIGHT,
        version=_VERSION,
        inputs=[{"name": "x", "datatype": "FP32", "shape": [2]}],
        outputs=[{"name": "y", "datatype": "FP32", "shape": [2]}],
        max_batch_size=64,
    )
    tensor = {"datatype": "FP32", "shape": [_HEAVY_NUMBERS]}
    heavy = manifest(
        name=HEAVY,
        version=_VERSION,
        inputs=[{"name": "x", **tensor}],
        outputs=[{"name": "y", **tensor}],
        max_batch_size=1,
    )
    return {
        LIGHT: write_package(folder / LIGHT, light, identity_model(light)),
        HEAVY: write_package(folder / HEAVY, heavy, looping_model(rounds=_HEAVY_ROUNDS)),
    }


def row(capability: str) -> list[float]:
    """Give the numbers of a call."""
    return [0.5] * (_HEAVY_NUMBERS if capability == HEAVY else 2)


@contextmanager
def running_instances(folder: Path) -> Iterator[list[Instance]]:
    """Run two instances for each node, on one core and not limited yet."""
    packages = write_packages(folder / "packages")
    with ExitStack() as stack, pinned_to(SERVER_CORE):
        yield [
            _start(stack, folder, package, capability, node)
            for node in range(len(CORES))
            for capability, package in packages.items()
        ]


@contextmanager
def limited(instances: list[Instance]) -> Iterator[None]:
    """Hold instances to what their nodes have, until they end with the ``with`` block."""
    with ExitStack() as stack:
        for node, cores in enumerate(CORES):
            group = make_group(GroupLimits(_MEMORY_BYTES, _PIDS, cores))
            # They are killed: an orderly end takes long on a twentieth of a core.
            stack.callback(group.remove)
            _put_first(group)
            for instance in instances:
                if instance.node == node:
                    _join(group, instance.pid)
        yield


def endpoints(instances: list[Instance]) -> list[Endpoint]:
    """Describe instances as the scheduler does that knows its nodes' cores, and no load of them."""
    bare = [
        Endpoint(
            instance=f"{item.capability}-{item.node}",
            capability=item.capability,
            version=_VERSION,
            address=item.address,
            node=f"node-{item.node}",
        )
        for item in instances
    ]
    speeds = {f"node-{n}": speed_of(_metadata(n, cores), None) for n, cores in enumerate(CORES)}
    stateless = Service(is_stateless=True)
    return weigh(bare, speeds, {(name, _VERSION): stateless for name in (LIGHT, HEAVY)})


def _metadata(number: int, cores: float) -> NodeMetadata:
    return NodeMetadata(
        node=f"node-{number}",
        epoch=1,
        families=[],
        engines=[],
        cpu_millicores=int(cores * 1000),
        memory_mib=2048,
    )


def _start(stack: ExitStack, folder: Path, package: Path, capability: str, node: int) -> Instance:
    place = folder / f"{capability}-{node}"
    place.mkdir()
    socket, digests = place / "instance.sock", digests_of(package)
    command = [
        *(sys.executable, "-m", "capability_sdk.serving", "--package", str(package)),
        *("--socket", str(socket), "--journal", str(place / "journal"), "--threads", "1"),
        *("--instance", place.name, "--code-digest", digests.code),
        *("--weights-digest", digests.weights),
    ]
    process = stack.enter_context(running(command, log=place / "log", is_ready=socket.exists))
    return Instance(capability, node, process.pid, f"unix:{socket}")


def _join(group: Group, pid: int) -> None:
    for entrance in group.entrances:
        entrance.write_text(str(pid))


def _put_first(group: Group) -> None:
    """Let nobody else on this machine take from a node what it may take: only its own limit counts."""
    for entrance in group.entrances:
        for name, most in (("cpu.shares", 262_144), ("cpu.weight", 10_000)):
            file = entrance.with_name(name)
            if file.exists():
                file.write_text(str(most))
