"""Runs a whole province on one machine: gateway, agent and scheduler as watched processes."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import httpx

from capability_sdk.contracts.autonomy import AutonomyReport
from capability_sdk.contracts.errors import Unavailable
from capability_sdk.kit.files import read_or_create_secret
from capability_sdk.kit.local_credential import INTERNAL_TOKEN_FILE
from capability_sdk.kit.processes import ManagedProcess
from edge_gateway.agent.identity import read_identity, write_identity
from edge_gateway.processes import province_specs
from edge_gateway.state import EdgeSite

_LOOPBACK = "127.0.0.1"
_READY_SECONDS = 30.0
_LOOK_SECONDS = 0.2
Say = Callable[[str], None]


def settle_ports(province: Path) -> EdgeSite:
    """Make sure that the province's ports are free, taking others for those that are not.

    Raises:
        NotEnrolled: The folder holds no enrolled province.
    """
    site = read_identity(province)
    gateway_port = free_port(site.gateway_port)
    scheduler_port = free_port(site.scheduler_port, besides=gateway_port)
    settled = site.model_copy(
        update={"gateway_port": gateway_port, "scheduler_port": scheduler_port}
    )
    if settled != site:
        write_identity(province, settled)
    return settled


def free_port(wanted: int, *, besides: int = 0) -> int:
    """Return the wanted loopback port if nobody listens on it, or else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_LOOPBACK, port))
            found: int = probe.getsockname()[1]
            if found != besides:
                return found
    return free_port(0, besides=besides)


async def run_province(province: Path, say: Say) -> None:
    """Run a province until SIGTERM or Ctrl-C; then stop everything, leaving no process behind.

    Args:
        province: The folder of an enrolled province, absolute.
        say: Tells a person what happens.

    Raises:
        NotEnrolled: The folder holds no enrolled province.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    before = read_identity(province)
    site = settle_ports(province)
    if site.gateway_port != before.gateway_port:
        say(f"Port {before.gateway_port} is taken; the gateway uses {site.gateway_port}.")
    (province / "logs").mkdir(exist_ok=True)
    running: list[ManagedProcess] = []
    try:
        specs = province_specs(
            province,
            gateway_port=site.gateway_port,
            scheduler_port=site.scheduler_port,
            environment={},
        )
        for spec in specs.values():
            process = ManagedProcess(spec)
            running.append(process)
            await process.start()
        await _announce(province, site, stop, say)
        await stop.wait()
    finally:
        say("Stopping …")
        # The gateway first, so that nothing new comes; the agent last, so that it reads the rest.
        for name in ("gateway", "scheduler", "agent"):
            for process in running:
                if process.spec.name == name:
                    await process.stop()


async def read_autonomy(province: Path) -> AutonomyReport:
    """Ask a running province what it would do without the center.

    Raises:
        NotEnrolled: The folder holds no enrolled province.
        Unavailable: Its gateway or its agent does not answer.
    """
    site = read_identity(province)
    secret = read_or_create_secret(province / INTERNAL_TOKEN_FILE)
    url = f"http://{_LOOPBACK}:{site.gateway_port}/health/autonomy"
    headers = {"authorization": f"Bearer {secret}"}
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=15.0) as http:
            answer = await http.get(url, headers=headers)
        if answer.is_success:
            return AutonomyReport.model_validate_json(answer.content)
        reason = str(answer.json().get("detail", answer.status_code))
    except (httpx.HTTPError, ValueError) as error:
        reason = type(error).__name__
    raise Unavailable(
        f"The province does not answer ({reason}): is it running? jiuzhou edge run --data {province}"
    )


async def _announce(province: Path, site: EdgeSite, stop: asyncio.Event, say: Say) -> None:
    gateway = f"http://{_LOOPBACK}:{site.gateway_port}"
    scheduler = f"http://{_LOOPBACK}:{site.scheduler_port}"
    say(f"Starting the province {site.province} of {site.center_url} …")
    for name, url in (("scheduler", scheduler), ("gateway", gateway)):
        if await _is_up(url, stop):
            say(f"{name:<10} {url}")
        elif not stop.is_set():
            say(f"{name:<10} does not answer yet; see {province / 'logs' / name}.log")


async def _is_up(url: str, stop: asyncio.Event) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _READY_SECONDS
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=2.0) as http:
        while loop.time() < deadline and not stop.is_set():
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get("/health/live")).is_success:
                    return True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)
    return False
