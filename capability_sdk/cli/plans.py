"""What the center offers: its plans, listed, made, changed, and closed to new subscriptions."""

from typing import Annotated, Any, Final

import typer

from capability_sdk.cli.config import center_client
from capability_sdk.cli.output import AsJson, show_item, show_rows
from capability_sdk.client import CenterClient
from capability_sdk.contracts.errors import NotFound

PlanName = Annotated[str, typer.Argument(help="Name of the plan.")]
_COLUMNS: Final = (
    *("name", "approval", "daily_quota", "rate_per_second", "concurrency", "longest_days"),
    *("price_label", "is_open", "subscriptions"),
)
_WRITTEN: Final = {*_COLUMNS, "titles"} - {"name", "subscriptions"}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    plans = typer.Typer(no_args_is_help=True, help="The plans that one can subscribe on.")
    plans.command("list")(list_plans)
    plans.command("put")(put_plan)
    plans.command("close")(close_plan)
    plans.command("open")(open_plan)
    app.add_typer(plans, name="plan")


def list_plans(as_json: AsJson = False) -> None:
    """List the plans, and how many subscriptions are on each."""
    with center_client() as client:
        rows = client.get("/subscription-plans")["items"]
    show_rows(rows, _COLUMNS, as_json=as_json, empty="The center offers no plan.")


def put_plan(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    name: PlanName,
    title_zh: Annotated[str | None, typer.Option(help="Its name in Chinese.")] = None,
    title_en: Annotated[str | None, typer.Option(help="Its name in English.")] = None,
    approval: Annotated[str | None, typer.Option(help="self, or reviewed by an admin.")] = None,
    daily_quota: Annotated[int | None, typer.Option(help="Calls a day.")] = None,
    rate: Annotated[float | None, typer.Option(help="Calls a second.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Calls at the same time.")] = None,
    longest_days: Annotated[int | None, typer.Option(help="Days that one may last.")] = None,
    price: Annotated[str | None, typer.Option(help="What it costs, in words.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a plan, or change what is named of one; subscriptions keep the terms they were given."""
    given = {
        "titles.zh": title_zh,
        "titles.en": title_en,
        "approval": approval,
        "daily_quota": daily_quota,
        "rate_per_second": rate,
        "concurrency": concurrency,
        "longest_days": longest_days,
        "price_label": price,
    }
    named = {key: value for key, value in given.items() if value is not None}
    with center_client() as client:
        show_item(_put(client, name, _find(client, name), named), as_json=as_json)


def close_plan(name: PlanName, as_json: AsJson = False) -> None:
    """Close a plan: nobody can ask for it any more; subscriptions on it go on until they end."""
    _turn(name, as_json, is_open=False)


def open_plan(name: PlanName, as_json: AsJson = False) -> None:
    """Open a closed plan again."""
    _turn(name, as_json, is_open=True)


def _turn(name: str, as_json: bool, *, is_open: bool) -> None:
    with center_client() as client:
        known = _find(client, name)
        if not known:
            raise NotFound(f"There is no plan {name}: `jiuzhou plan list` names them.")
        show_item(_put(client, name, known, {"is_open": is_open}), as_json=as_json)


def _put(
    client: CenterClient, name: str, known: dict[str, Any], given: dict[str, Any]
) -> dict[str, Any]:
    """Write a plan over what is known of it, if nobody changed it since; known of none is empty."""
    body = {key: known[key] for key in _WRITTEN & known.keys()}
    titles = {key.removeprefix("titles."): given[key] for key in given if "." in key}
    body |= {key: value for key, value in given.items() if "." not in key}
    body["titles"] = {**body.get("titles", {}), **titles}
    etag = f'"{known["revision"]}"' if known else None
    return client.put(f"/subscription-plans/{name}", body, etag=etag)


def _find(client: CenterClient, name: str) -> dict[str, Any]:
    plans: list[dict[str, Any]] = client.get("/subscription-plans")["items"]
    return next((plan for plan in plans if plan["name"] == name), {})
