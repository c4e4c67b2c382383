"""``jiuzhou node``: the nodes of a province, what is placed on them, and why."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from capability_sdk.cli.output import AsJson, complain, show_rows
from scheduler.errors import FolderUnusable
from scheduler.node_agent.commands import machines

if TYPE_CHECKING:
    from scheduler.store import SchedulerStore

node = typer.Typer(
    help="The nodes of a province, what is placed on them, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
node.add_typer(machines)

DataFolder = Annotated[Path, typer.Option("--data", help="Folder of the province.")]


@node.command("decisions")
def decisions(
    data: DataFolder,
    capability: Annotated[str | None, typer.Option(help="Only this capability's.")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only what found no node.")] = False,
    last: Annotated[int, typer.Option(min=1, max=500, help="How many, at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List placement decisions, newest first; the scheduler may be running or not."""
    with _store(data) as store:
        found = store.decisions(capability, last)
    rows = [item.model_dump(mode="json") for item in found if not refused or item.node is None]
    columns = ("id", "at", "capability", "version", "node", "reason", "change.words")
    show_rows(rows, columns, as_json=as_json, empty="No decisions: nothing was deployed here yet.")


@node.command("decision")
def decision(
    number: Annotated[int, typer.Argument(help="Number of the decision.")],
    data: DataFolder,
    save: Annotated[
        Path | None, typer.Option(help="Write it with its inputs here, for check-decision.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain a decision: its candidates, and what would have admitted what was refused."""
    with _store(data) as store:
        found = store.decision(number).model_dump(mode="json")
        if save is not None:
            record = {"decision": found, "inputs": store.decision_inputs(number)}
            save.write_text(json.dumps(record, ensure_ascii=False, indent=1))
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    _explain(found)


@node.command("check-decision")
def check_decision(
    which: Annotated[str, typer.Argument(help="Number of a decision, or a file of --save.")],
    data: Annotated[Path | None, typer.Option("--data", help="Folder of the province.")] = None,
) -> None:
    """Take a decision again with a program that shares nothing with the placement.

    Exit code 1: it does not come out the same, or its smallest change is none.
    """
    from scheduler.checker.check import check  # noqa: PLC0415 - other commands start without

    record = _record(which, data)
    problems = check(record)
    for problem in problems:
        complain(problem)
    if problems:
        raise typer.Exit(1)
    considered = record["decision"]["considered"]
    print(f"Decision {record['decision']['id']} holds: taken again over {considered} nodes.")


@node.command("reservations")
def reservations(data: DataFolder, as_json: AsJson = False) -> None:
    """List what instances take of the nodes, as the ledger has it."""
    with _store(data) as store:
        held = store.reservations()
    rows = [
        {
            "instance": item.claim.instance,
            "node": item.claim.node,
            "state": item.state.value,
            "cpu_millicores": item.claim.takes.cpu_millicores,
            "memory_mib": item.claim.takes.memory_mib,
            "gpu_milli": list(item.claim.takes.devices),
            "priority": item.claim.priority.value,
            "makes_room_for": item.preempted_by or None,
        }
        for item in held
    ]
    show_rows(rows, tuple(rows[0]) if rows else (), as_json=as_json, empty="Nothing is reserved.")


def _explain(found: dict[str, Any]) -> None:
    print(f"{found['capability']} {found['version']}, {found['at']}: {found['reason']}")
    if found["change"] is not None:
        print(f"Smallest change that would have admitted it: {found['change']['words']}")
    if found["refused"]:
        totals = ", ".join(f"{count} at {name}" for name, count in found["refused"].items())
        print(f"Of {found['considered']} nodes {found['suitable']} suit; first to fail: {totals}.")
    rows = [
        {
            "node": item["node"],
            "score": item["score"],
            "parts": ", ".join(f"{name} {value:g}" for name, value in item["parts"].items()),
            "fails": item["failed"]
            and f"{item['failed']['constraint']}: {item['failed']['reason']}",
        }
        for item in found["candidates"]
    ]
    show_rows(
        rows, ("node", "score", "parts", "fails"), as_json=False, empty="No node was considered."
    )


def _record(which: str, data: Path | None) -> dict[str, Any]:
    if not which.isdigit():
        content: dict[str, Any] = json.loads(Path(which).read_text(encoding="utf-8"))
        return content
    if data is None:
        raise FolderUnusable("A number needs --data, the folder of the province.")
    with _store(data) as store:
        number = int(which)
        decided = store.decision(number).model_dump(mode="json")
        return {"decision": decided, "inputs": store.decision_inputs(number)}


@contextmanager
def _store(data: Path) -> "Iterator[SchedulerStore]":
    from scheduler.database import Database  # noqa: PLC0415 - other commands start without
    from scheduler.store import SchedulerStore  # noqa: PLC0415 - as above

    file = data / "scheduler.db"
    if not file.is_file():
        raise FolderUnusable(f"{file} is not there: no scheduler has worked in this folder yet.")
    database = Database(file)
    try:
        yield SchedulerStore(database)
    finally:
        database.close()
