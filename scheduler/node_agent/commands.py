"""Commands of ``jiuzhou node`` about machines: one joins a province, and the others are looked at."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from capability_sdk.cli.output import AsJson, show_item, show_rows
from scheduler.province_link import ProvinceLink

machines = typer.Typer(rich_markup_mode=None)

ProvinceFolder = Annotated[
    Path, typer.Option("--data", help="Folder of the province, on the scheduler's machine.")
]
NodeFolder = Annotated[Path, typer.Option("--data", help="Folder of this machine.")]
Name = Annotated[str | None, typer.Option("--node", help="Name of the machine.")]


@machines.command("invite")
def invite(data: ProvinceFolder, name: Name = None, as_json: AsJson = False) -> None:
    """Make the single-use code that a machine joins with, within 15 minutes.

    A machine that has joined before joins again by a code for its name.
    """
    with ProvinceLink(data.absolute()) as province:
        show_item(province.post("/invitations", {"node": name}), as_json=as_json)


@machines.command("join")
def join(
    scheduler: Annotated[str, typer.Option(help="Address of the scheduler, http://HOST:PORT.")],
    code: Annotated[
        str, typer.Option(help="The code of `jiuzhou node invite`.", envvar="JIUZHOU_NODE_CODE")
    ],
    data: NodeFolder,
    name: Name = None,
    host: Annotated[
        str | None,
        typer.Option(help="Where the gateway reaches this machine; found out if unset."),
    ] = None,
) -> None:
    """Join this machine to the province; its credential stays in the folder, for its owner alone."""
    from scheduler.node_agent.inventory import host_name  # noqa: PLC0415 - others need no engines
    from scheduler.node_agent.joined.site import join as join_province  # noqa: PLC0415 - likewise

    site = join_province(scheduler, code, name or host_name(), host, data.absolute())
    print(f"Joined as {site.node}; the gateway reaches it at {site.host}.")
    print(f"Run it with: jiuzhou node run --data {data}")


@machines.command("run")
def run(data: NodeFolder) -> None:
    """Run the instances that the scheduler assigns, until Ctrl-C or SIGTERM."""
    from capability_sdk.kit import logs  # noqa: PLC0415 - an agent's, not the command line's
    from scheduler.node_agent.joined.start import run_node  # noqa: PLC0415 - likewise

    logs.configure()
    asyncio.run(run_node(data.absolute(), lambda line: print(line, flush=True)))


@machines.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Name of the machine.")], data: ProvinceFolder
) -> None:
    """Forget a machine: its credential is refused, its instances are placed elsewhere."""
    with ProvinceLink(data.absolute()) as province:
        province.delete(f"/joined-nodes/{name}")
    print(f"{name} is not of the province any more; it stops what it runs.")


@machines.command("list")
def list_nodes(data: ProvinceFolder, as_json: AsJson = False) -> None:
    """List the nodes with their load and what is reserved on them."""
    with ProvinceLink(data.absolute()) as province:
        found = province.get("/nodes")
    rows = found if as_json else [_row(item) for item in found]
    columns = ("node", "cpu", "memory", "gpu", "instances", "reserved", "score")
    show_rows(rows, columns, as_json=as_json, empty="No node has reported yet.")


@machines.command("profiles")
def profiles(data: ProvinceFolder, as_json: AsJson = False) -> None:
    """Show what algorithm families and the deployed versions need, and where that is known from."""
    with ProvinceLink(data.absolute()) as province:
        found = province.get("/profiles")
    if as_json:
        show_item(found, as_json=True)
        return
    rows = [
        {
            "what": f"{item['capability']} {item['version']}",
            "family": item["family"],
            **{name: _figure(item[name]) for name in ("cpu_millicores", "memory_mib", "gpu_milli")},
            "p99_ms": ", ".join(
                f"{point['latency_p99_ms']:g} of {point['rows']}"
                for point in item["latency"]
                if point["threads"] == 1
            ),
        }
        for item in found["versions"]
    ]
    rows += [{"what": "family", **item} for item in found["families"]]
    columns = ("what", "family", "cpu_millicores", "memory_mib", "gpu_milli", "p99_ms")
    show_rows(rows, columns, as_json=False, empty="")


def _figure(figure: dict[str, object]) -> str:
    return f"{figure['amount']} ({figure['source']})"


def _row(item: dict[str, dict[str, float]]) -> dict[str, object]:
    metadata, load = item["metadata"], item["load"] or {}
    gpu = f"{metadata['gpu_milli'] / 1000:g} x {metadata['gpu_model']}"
    return {
        "node": metadata["node"],
        "cpu": _share(load.get("cpu_fraction")),
        "memory": _share(load.get("memory_fraction")),
        "gpu": gpu if metadata["gpu_milli"] else "",
        "instances": item["instances"],
        "reserved": f"{item['reserved_cpu_millicores']} of {metadata['cpu_millicores']} millicores",
        "score": metadata["cpu_score"],
    }


def _share(fraction: float | None) -> str:
    return "silent" if fraction is None else f"{fraction:.0%}"


@machines.command("loans")
def loans(data: ProvinceFolder, as_json: AsJson = False) -> None:
    """List what is lent to training and ETL work, and until when."""
    with ProvinceLink(data.absolute()) as province:
        account = province.get("/loans")
    if as_json:
        show_item(account, as_json=True)
        return
    columns = ("id", "holder", "node", "cpu_millicores", "memory_mib", "state", "ends_at", "detail")
    show_rows(account["loans"], columns, as_json=False, empty="Nothing is lent.")
