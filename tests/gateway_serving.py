"""A gateway with a real serving instance behind it."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from capability_sdk.packaging.digests import digests_of
from tests.gateway_province import (
    CAPABILITY,
    PROVINCE,
    Gateway,
    Peers,
    Province,
    running_gateway,
)
from tests.servers.process import running
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package


@dataclass
class ServedWorld:
    """A province whose gateway forwards to an instance of the serving runtime."""

    province: Province
    gateway: Gateway
    instance: "Popen[bytes]"
    instance_log: Path


@contextmanager
def running_served_world(folder: Path) -> Iterator[ServedWorld]:
    """Run it for the length of a ``with`` block; the capability gives its inputs back."""
    declared = manifest(
        name=CAPABILITY,
        version="1.0.0",
        inputs=[
            {"name": "x", "datatype": "FP32", "shape": [2]},
            {"name": "n", "datatype": "INT64", "shape": [1]},
        ],
        outputs=[
            {"name": "y", "datatype": "FP32", "shape": [2]},
            {"name": "m", "datatype": "INT64", "shape": [1]},
        ],
        max_batch_size=64,
    )
    package = write_package(folder / "package", declared, identity_model(declared))
    with ExitStack() as stack:
        log = folder / "instance.log"
        socket = folder / "instance.sock"
        instance = stack.enter_context(
            running(_command(package, folder, socket), log=log, is_ready=socket.exists)
        )
        province = Province(folder / PROVINCE)
        province.place({"1.0.0": f"unix:{socket}"})
        Peers(folder / "peers", stack).agent(province)
        province.publish()
        gateway = stack.enter_context(running_gateway(province))
        yield ServedWorld(province, gateway, instance, log)


def _command(package: Path, folder: Path, socket: Path) -> list[str]:
    digests = digests_of(package)
    return [
        *(sys.executable, "-m", "capability_sdk.serving", "--package", str(package)),
        *("--socket", str(socket), "--journal", str(folder / "journal"), "--instance", "i-1"),
        *("--code-digest", digests.code, "--weights-digest", digests.weights),
    ]
