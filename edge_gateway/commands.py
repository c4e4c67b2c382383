"""``jiuzhou edge``: enrol a province, and run it."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from capability_sdk.cli.config import center_client
from capability_sdk.cli.output import AsJson, complain, show_item, show_rows
from edge_gateway.agent.enrolment import Enrolment, enrol
from edge_gateway.agent.province import free_port, read_autonomy, run_province
from edge_gateway.samples import read_samples

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


@edge.command("reconcile")
def reconcile(
    data: DataFolder,
    since: Annotated[
        datetime | None, typer.Option(help="Calls answered from this time on, UTC.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the calls that the gateway wrote down with those that the center counted.

    You are signed in as an operator of the province, or as an admin. The gateway may be running.
    Exit code 1: the books differ; the calls are named.
    """
    from edge_gateway.agent.reconciliation import (  # noqa: PLC0415 - `edge run` stays small
        reconcile as compare,
    )

    with center_client() as center:
        found = compare(data.absolute(), center, since.replace(tzinfo=UTC) if since else None)
    totals = [
        {"hour": hour, "application": application, "capability": capability}
        | {"total": total, "calls": calls}
        for (hour, application, capability), (total, calls) in found.totals.items()
    ]
    begins = found.begins.isoformat() if found.begins else None
    show_item({**asdict(found), "begins": begins, "totals": totals}, as_json=as_json)
    if not found.agrees:
        complain(
            "the books differ. `uncounted` are calls that the center acknowledged and did not count,"
            " `unspooled` those that it counted and this spool does not hold, `totals` the hours"
            " whose total is not the sum of their calls. Keep the spool and ask the center's admin."
        )
        raise typer.Exit(1)


@edge.command("samples")
def samples(
    data: DataFolder,
    capability: Annotated[str | None, typer.Option(help="Only this capability's.")] = None,
    request_id: Annotated[str | None, typer.Option(help="Only the call of this id.")] = None,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many, at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show sampled calls: inputs, outputs and process values, with `--json` in full.

    They are read where the instances keep them, and never leave the province.
    """
    found = read_samples(data.absolute(), last=last, capability=capability, request_id=request_id)
    show_rows(
        found,
        ("at", "capability", "version", "request_id", "error", "inputs", "outputs", "logged"),
        as_json=as_json,
        empty="No samples: set SCHEDULER_SAMPLE_SHARE, or wait for more calls.",
    )


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
