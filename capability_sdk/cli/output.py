"""What the command prints: tables for people, JSON for programs, complaints on standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def complain(message: str) -> None:
    """Say on standard error why something did not work."""
    print(f"jiuzhou: {message}", file=sys.stderr)


def show_rows(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool,
    empty: str,
) -> None:
    """Print a list.

    Args:
        rows: The items, as the server gave them.
        columns: Members that the table shows, in this order; dots reach into nested members.
        as_json: Print all members as JSON instead.
        empty: What to say where there is nothing, such as what to do first.
    """
    if as_json:
        print(json.dumps(list(rows), ensure_ascii=False, indent=2))
        return
    if not rows:
        print(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.rsplit(".", 1)[-1].replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(format_value(_member(row, column)) for column in columns))
    console = Console()
    if not console.is_terminal:
        # A pipe has no width; a row must stay one line.
        console = Console(width=1000)
    console.print(table, highlight=False, markup=False)


def show_item(item: Mapping[str, Any], *, as_json: bool, members: Sequence[str] = ()) -> None:
    """Print one thing, a member a line.

    Args:
        item: The thing, as the server gave it.
        as_json: Print JSON instead.
        members: What to print and in which order; all of it where empty.
    """
    if as_json:
        print(json.dumps(item, ensure_ascii=False, indent=2))
        return
    for name in members or item:
        print(f"{name.replace('_', ' ')}: {format_value(_member(item, name))}")


def format_value(value: object) -> str:
    """Format a value for a person."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _member(row: Mapping[str, Any], path: str) -> object:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
