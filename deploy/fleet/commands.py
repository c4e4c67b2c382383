"""``jiuzhou fleet``: simulated provinces at a running center."""

from pathlib import Path
from typing import Annotated

import typer

from capability_sdk.cli.config import Account, NotSignedIn, load_account
from capability_sdk.client import CenterClient

DEFAULT_FOLDER = Path(".data/fleet")

fleet = typer.Typer(
    help="Fill a running center with simulated provinces, as its signed-in admin.",
    invoke_without_command=True,
    rich_markup_mode=None,
)

CenterUrl = Annotated[str, typer.Option(help="Address of the center; the one signed in at.")]
Folder = Annotated[Path, typer.Option(help="Keys and plan of the fleet.", file_okay=False)]


@fleet.callback()
def run(
    context: typer.Context,
    center: CenterUrl = "",
    provinces: Annotated[int, typer.Option(min=1, max=31)] = 31,
    capabilities: Annotated[int, typer.Option(min=1, max=20)] = 20,
    days: Annotated[int, typer.Option(min=1, max=60, help="That lie in the past.")] = 14,
    seed: Annotated[int, typer.Option(min=0, help="The same one makes the same fleet.")] = 7,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Enrol simulated edges and send what they would have reported; again: what came since.

    Everything goes the way of a real province: enrolment codes, the edges' own keys, packages
    through the gate, telemetry by sequence. Sign in as an admin first (`jiuzhou login`).
    """
    if context.invoked_subcommand is not None:
        return
    # Numpy and whylogs would slow down every other command.
    import asyncio  # noqa: PLC0415 - a light start
    from datetime import UTC, datetime  # noqa: PLC0415 - a light start

    from deploy.fleet.fleet import Fleet  # noqa: PLC0415 - a light start
    from deploy.fleet.plan import FleetPlan  # noqa: PLC0415 - a light start

    account = _account(center)
    now = datetime.now(UTC)
    plan = FleetPlan.begun(
        folder,
        now,
        center=account.center,
        provinces=provinces,
        capabilities=capabilities,
        days=days,
        seed=seed,
    )
    with CenterClient(account.center, account.token) as admin:
        sent = asyncio.run(Fleet(plan, admin, folder, now, _say).run())
    _say(f"{sent:,} records are sent; `jiuzhou fleet` goes on from here, `fleet remove` ends it")


@fleet.command("remove")
def remove(center: CenterUrl = "", folder: Folder = DEFAULT_FOLDER) -> None:
    """Remove all simulated provinces with their figures, and withdraw the fleet's versions."""
    from deploy.fleet.removal import remove as remove_fleet  # noqa: PLC0415 - a light start

    account = _account(center)
    with CenterClient(account.center, account.token) as admin:
        remove_fleet(admin, folder, _say)


def _account(center: str) -> Account:
    account = load_account()
    if center and center.rstrip("/") != account.center.rstrip("/"):
        raise NotSignedIn(f"You are signed in at {account.center}, not at {center}.")
    return account


def _say(line: str) -> None:
    print(line, flush=True)
