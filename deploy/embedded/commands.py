"""``jiuzhou up`` and ``jiuzhou status``."""

import asyncio
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from edge_gateway.agent.identity import read_identity, write_identity

from capability_sdk.kit.processes import python
from deploy.embedded.demo import DEMO_FILE, PROVINCES, DemoRecord
from deploy.embedded.platform import (
    CenterView,
    NotRunning,
    PlatformStatus,
    ProvinceView,
    instances_of,
    own_start_time,
    read_status,
)
from deploy.embedded.ports import CENTER_OFFSET, GATEWAY_OFFSET, SCHEDULER_OFFSET, PortPicker
from deploy.embedded.specs import center_specs, province_specs
from deploy.embedded.supervisor import StartFailed, Stopped, Supervisor

DEFAULT_DATA = Path(".data")
_DEMO_EDGE = {"AGENT_PROFILE_FLUSH": "PT2S"}
"""The demo shows drift within seconds; a province in production sends profiles once a minute."""

Data = Annotated[Path, typer.Option(help="Folder of the platform.", file_okay=False)]


def up(
    data: Data = DEFAULT_DATA,
    showcase: Annotated[
        bool, typer.Option(help="Start the demo; without it an empty center.")
    ] = True,
    port_base: Annotated[int, typer.Option(help="First port to try.", min=1024, max=65000)] = 8400,
) -> None:
    """Run the platform until Ctrl-C; the first start walks the showcase."""
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        running = read_status(data)
    except NotRunning:
        pass
    else:
        print(f"It runs already: {running.center.url} (process {running.supervisor_pid})")
        raise typer.Exit(1)
    try:
        asyncio.run(_run(data, is_demo=_is_demo(data, wanted=showcase), port_base=port_base))
    except StartFailed as error:
        print(f"jiuzhou: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


def status(
    data: Data = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for scripts.")] = False,
    env: Annotated[
        str | None,
        typer.Option(help="Shell assignments GATEWAY, CLIENT_ID, CLIENT_SECRET of a province."),
    ] = None,
) -> None:
    """Describe the running platform."""
    try:
        found = read_status(data.resolve())
    except NotRunning as error:
        print(f"jiuzhou: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    for province in found.provinces:
        found.processes += instances_of(province)
    if env is not None:
        _print_environment(found, env)
    elif as_json:
        print(found.model_dump_json(indent=2))
    else:
        _print(found)


def _is_demo(data: Path, *, wanted: bool) -> bool:
    started_before = (data / "center").exists()
    return wanted and (not started_before or (data / DEMO_FILE).exists())


async def _run(data: Path, *, is_demo: bool, port_base: int) -> None:
    ports = PortPicker()
    center_port = ports.pick(port_base + CENTER_OFFSET)
    supervisor = Supervisor(
        PlatformStatus(
            data=str(data),
            supervisor_pid=os.getpid(),
            supervisor_started=own_start_time(),
            center=CenterView(url=f"http://127.0.0.1:{center_port}"),
        ),
        say=lambda line: print(line, flush=True),
    )
    supervisor.listen_for_signals()
    try:
        await _start_center(supervisor, data, center_port)
        if is_demo:
            await _start_demo(supervisor, data, ports, port_base)
        supervisor.status.ready = True
        supervisor.status.save()
        _print(supervisor.status)
        print("It stays up until Ctrl-C.", flush=True)
        await supervisor.keep_running()
    except Stopped:
        print("Stopping …", flush=True)
    finally:
        await supervisor.stop()
    print("Stopped; the state is kept.", flush=True)


async def _start_center(supervisor: Supervisor, data: Path, port: int) -> None:
    specs = center_specs(data, port)
    supervisor.say("Starting the center …")
    await supervisor.start(specs["center"])
    url = f"{supervisor.status.center.url}/health/ready"
    await supervisor.await_ready("The center", url, specs["center"].log)
    await supervisor.start(specs["worker"])


async def _start_demo(
    supervisor: Supervisor, data: Path, ports: PortPicker, port_base: int
) -> None:
    began = time.monotonic()
    folders = [data / "provinces" / province.name for province in PROVINCES]
    pairs = [
        (ports.pick(port_base + GATEWAY_OFFSET + i), ports.pick(port_base + SCHEDULER_OFFSET + i))
        for i in range(len(folders))
    ]
    if not all((folder / "edge.json").exists() for folder in folders):
        supervisor.say("Making the demo's accounts and enrolling its two provinces …")
        flat = [str(port) for pair in pairs for port in pair]
        await _first_start(supervisor, data, "accounts", "--ports", *flat)
    for folder, (gateway_port, scheduler_port) in zip(folders, pairs, strict=True):
        await _start_province(supervisor, folder, gateway_port, scheduler_port)
    for province in supervisor.status.provinces:
        log = Path(province.data) / "logs" / "gateway.log"
        url = f"{province.gateway_url}/health/ready"
        await supervisor.await_ready(f"The gateway of {province.name}", url, log)
    if not DemoRecord.load(data).is_walked:
        supervisor.say("The showcase, on real data:")
        await _first_start(supervisor, data, "showcase")
    record = DemoRecord.load(data)
    supervisor.status.accounts = record.accounts
    supervisor.status.applications = record.applications
    supervisor.say(f"Two provinces are up after {time.monotonic() - began:.0f} s.")


async def _start_province(
    supervisor: Supervisor, folder: Path, gateway_port: int, scheduler_port: int
) -> None:
    identity = read_identity(folder)
    write_identity(
        folder,
        identity.model_copy(
            update={
                "center_url": supervisor.status.center.url,
                "gateway_port": gateway_port,
                "scheduler_port": scheduler_port,
            }
        ),
    )
    supervisor.status.provinces.append(
        ProvinceView(
            name=identity.province,
            gateway_url=f"http://127.0.0.1:{gateway_port}",
            scheduler_url=f"http://127.0.0.1:{scheduler_port}",
            data=str(folder),
        )
    )
    supervisor.say(f"Starting {identity.province} …")
    for spec in province_specs(folder, gateway_port, scheduler_port, _DEMO_EDGE).values():
        await supervisor.start(spec, identity.province)


async def _first_start(supervisor: Supervisor, data: Path, part: str, *arguments: str) -> None:
    command = python("deploy.embedded.first_start", part, "--data", str(data), *arguments)
    if await supervisor.run_once(*command) != 0:
        raise StartFailed(
            f"The first start failed at its part {part!r}; logs are under {data}. Remove the folder"
            " and start again, or start without it: jiuzhou up --no-showcase"
        )


def _print(found: PlatformStatus) -> None:
    print(f"\ncenter     {found.center.url}")
    for province in found.provinces:
        print(f"{province.name:10} {province.gateway_url}")
    if not found.accounts:
        center = Path(found.data) / "center"
        print(f"first admin: jiuzhou admin create NAME --data {center}")
    for account in found.accounts:
        print(f"account    {account.name} ({account.role}, {account.organisation})", end="")
        print(f"  password {account.password}")
    for application in found.applications:
        print(f"caller     {application.client_id} ({application.province})")
    print(f"processes  {len(found.processes)}; all of it: jiuzhou status --json", flush=True)


def _print_environment(found: PlatformStatus, name: str) -> None:
    province = next((p for p in found.provinces if p.name == name), None)
    application = next((a for a in found.applications if a.province == name), None)
    if province is None or application is None:
        print(f"jiuzhou: {name} is no province of the demo", file=sys.stderr)
        raise typer.Exit(1)
    print(f"GATEWAY={shlex.quote(province.gateway_url)}")
    print(f"CLIENT_ID={shlex.quote(application.client_id)}")
    print(f"CLIENT_SECRET={shlex.quote(application.client_secret)}")
