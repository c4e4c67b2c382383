"""``jiuzhou edge``: enrol a province, and run it."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from capability_sdk.cli.output import AsJson
from edge_gateway.agent.enrolment import Enrolment, enrol
from edge_gateway.agent.province import free_port, read_autonomy, run_province

GATEWAY_PORT = 8201
SCHEDULER_PORT = 8202

edge = typer.Typer(
    help="Join the platform as a province, and run its edge.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DataFolder = Annotated[Path, typer.Option("--data", help="Folder of the province.")]
PortNumber = Annotated[int, typer.Option(min=1, max=65535)]


@edge.command("enroll")
def enroll(
    center: Annotated[str, typer.Option(help="Address of the center, http://HOST:PORT.")],
    code: Annotated[str, typer.Option(help="The single-use code that an admin made.")],
    data: DataFolder,
    gateway_port: PortNumber = GATEWAY_PORT,
    scheduler_port: PortNumber = SCHEDULER_PORT,
    gateway_url: Annotated[
        str, typer.Option(help="Where callers reach the gateway; its loopback address if unset.")
    ] = "",
) -> None:
    """Register this machine with the center: makes a key, which never leaves the folder."""
    chosen = free_port(gateway_port)
    identity = enrol(
        Enrolment(
            center_url=center,
            code=code,
            province=data.absolute(),
            gateway_port=chosen,
            scheduler_port=free_port(scheduler_port, besides=chosen),
            gateway_url=gateway_url,
        )
    )
    print(f"Enrolled as {identity.edge} of {identity.province}, epoch {identity.epoch}.")
    print(f"Run it with: jiuzhou edge run --data {data}")


@edge.command("run")
def run(data: DataFolder) -> None:
    """Run the province's gateway, agent and scheduler until Ctrl-C or SIGTERM."""
    asyncio.run(run_province(data.absolute(), lambda line: print(line, flush=True)))


@edge.command("status")
def status(data: DataFolder, as_json: AsJson = False) -> None:
    """Say what the province would do if the center went now; exit code 1 where not everything."""
    report = asyncio.run(read_autonomy(data.absolute()))
    if as_json:
        print(report.model_dump_json(by_alias=True, indent=2))
    else:
        print(report.summary)
        for reason in report.reasons:
            print(f"  {'fails' if reason.blocks else 'warns'}  {reason.code}: {reason.detail}")
    if not report.autonomous:
        raise typer.Exit(1)
