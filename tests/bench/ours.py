"""Our own candidates as processes on the servers' core: gateway and instance, as shipped."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from capability_sdk.packaging.digests import digests_of
from tests.bench.procedure import SERVER_CORE, pinned_to
from tests.gateway_province import CAPABILITY, PROVINCE, Province
from tests.servers.process import accepts, free_port, running

VERSIONS = ("1.0.0", "1.1.0")
WEIGHTS = (90, 10)


@dataclass(frozen=True, slots=True)
class Ours:
    """One running process of ours."""

    pid: int
    url: str


def province_of(
    folder: Path, addresses: Sequence[str], *, capability: str = CAPABILITY
) -> Province:
    """Make a province whose calls go 90 to 10 to two versions, without a limit that is met."""
    province = Province(folder / PROVINCE)
    province.deployments = {capability: dict(zip(VERSIONS, WEIGHTS, strict=True))}
    province.subscribe(
        capability=capability, daily_quota=2**50, rate_per_second=1e9, concurrency=100_000
    )
    province.place(dict(zip(VERSIONS, addresses, strict=True)), capability)
    province.publish()
    return province


@contextmanager
def running_gateway(province: Province, module: str = "edge_gateway.gateway") -> Iterator[Ours]:
    """Run one worker of the gateway for the length of a ``with`` block."""
    command = [
        *(sys.executable, "-m", module),
        *("--data", str(province.folder), "--port", str(province.port)),
    ]
    log = province.folder / "gateway.log"
    with (
        pinned_to(SERVER_CORE),
        running(command, log=log, is_ready=lambda: accepts(province.port)) as process,
    ):
        yield Ours(process.pid, f"http://127.0.0.1:{province.port}")


@contextmanager
def running_instance(
    package: Path, folder: Path, *, batch_rows: int | None = None
) -> Iterator[Ours]:
    """Run an instance as the scheduler would, on a Unix socket, in a session of its own.

    Where the kernel schedules by sessions, its neighbours share a processor with it as they would there.
    """
    folder.mkdir(parents=True)
    socket = folder / "instance.sock"
    digests = digests_of(package)
    command = [
        *("setsid", sys.executable, "-m", "capability_sdk.serving", "--package", str(package)),
        *("--socket", str(socket), "--journal", str(folder / "journal")),
        *("--instance", folder.name, "--code-digest", digests.code),
        *("--weights-digest", digests.weights),
        *(("--batch-rows", str(batch_rows)) if batch_rows else ()),
    ]
    with (
        pinned_to(SERVER_CORE),
        running(command, log=folder / "instance.log", is_ready=socket.exists) as process,
    ):
        yield Ours(process.pid, f"unix:{socket}")


@contextmanager
def running_tcp_instance(
    package: Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    grpc: Path | None = None,
    poll_seconds: float = 0.05,
) -> Iterator[Ours]:
    """Run an instance on a port, since wrk has no Unix sockets; all else is as shipped.

    Args:
        package: What it serves.
        folder: A new folder for its files.
        environment: Further variables.
        grpc: Unix socket to answer gRPC on as well.
        poll_seconds: How often it is asked whether it is ready.
    """
    folder.mkdir(parents=True)
    port = free_port()
    command = [
        *(sys.executable, "-m", "tests.bench.tcp_instance", "--package", str(package)),
        *("--port", str(port), "--journal", str(folder / "journal")),
        *(() if grpc is None else ("--grpc", str(grpc))),
    ]
    with (
        pinned_to(SERVER_CORE),
        running(
            command,
            log=folder / "instance.log",
            is_ready=lambda: accepts(port),
            environment=dict(environment or {}),
            poll_seconds=poll_seconds,
        ) as process,
    ):
        yield Ours(process.pid, f"http://127.0.0.1:{port}")
