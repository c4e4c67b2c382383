"""What a center admin does: organisations, people, provinces, the audit trail."""

from collections.abc import Callable
from typing import Annotated

import typer

from capability_sdk.cli.acts import act
from capability_sdk.cli.config import center_client
from capability_sdk.cli.output import AsJson, show_item, show_rows

UserName = Annotated[str, typer.Argument(help="Name of the account.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    users = typer.Typer(no_args_is_help=True, help="People and their roles.")
    users.command("invite")(invite)
    users.command("list")(list_users)
    for verb in ("disable", "enable", "reset"):
        users.command(verb, help=f"{verb.capitalize()} an account.")(_user_act(verb))
    app.add_typer(users, name="user")
    provinces = typer.Typer(no_args_is_help=True, help="Provinces and their edge clusters.")
    provinces.command("create")(create_province)
    provinces.command("list")(list_provinces)
    provinces.command("code")(enrolment_code)
    provinces.command("health")(province_health)
    provinces.command("delegate")(delegate)
    provinces.command("uncounted")(uncounted)
    app.add_typer(provinces, name="province")
    app.command()(audit)


def invite(
    name: UserName,
    role: Annotated[str, typer.Option(help="engineer, operator or admin.")],
    organisation: Annotated[str, typer.Option(help="center, or a province.")] = "center",
    as_json: AsJson = False,
) -> None:
    """Invite a person; the code is shown this once."""
    body = {"name": name, "role": role, "organisation": organisation}
    act("/users", body, as_json=as_json)


def list_users(as_json: AsJson = False) -> None:
    """List accounts."""
    with center_client() as client:
        rows = list(client.pages("/users"))
    columns = ["name", "role", "organisation", "state"]
    show_rows(rows, columns, as_json=as_json, empty="No account yet.")


def _user_act(verb: str) -> Callable[[str, bool], None]:
    def run(name: UserName, as_json: AsJson = False) -> None:
        act(f"/users/{name}:{verb}", as_json=as_json)

    return run


def create_province(
    name: Annotated[str, typer.Argument(help="Short name, such as guangdong.")],
    zh: Annotated[str, typer.Option(help="Chinese title.")],
    en: Annotated[str, typer.Option(help="English title.")],
    zone: Annotated[str, typer.Option(help="IANA time zone.")] = "Asia/Shanghai",
    proving: Annotated[
        bool, typer.Option("--proving", help="It proves drafts for the center, and serves nobody.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create a province."""
    body = {"name": name, "titles": {"zh": zh, "en": en}, "zone": zone}
    if proving:
        body["kind"] = "proving"
    act("/provinces", body, as_json=as_json)


def list_provinces(as_json: AsJson = False) -> None:
    """List provinces."""
    with center_client() as client:
        rows = list(client.pages("/provinces"))
    columns = ["name", "titles.zh", "titles.en", "zone", "kind"]
    show_rows(rows, columns, as_json=as_json, empty="No province yet: jiuzhou province create")


def enrolment_code(
    name: Annotated[str, typer.Argument(help="Name of the province.")], as_json: AsJson = False
) -> None:
    """Make a single-use code by which the province's edge cluster enrols (15 minutes)."""
    act(f"/provinces/{name}/enrolment-codes", as_json=as_json)


def province_health(
    name: Annotated[str, typer.Argument(help="Name of the province.")], as_json: AsJson = False
) -> None:
    """Show what a province runs, and what waits there to be sent."""
    with center_client() as client:
        show_item(client.get(f"/provinces/{name}/health"), as_json=as_json)


def delegate(
    name: Annotated[str, typer.Argument(help="Name of the province.")],
    enabled: Annotated[
        bool, typer.Option("--on/--off", help="Whether its issuer may sign at all.")
    ] = True,
    only: Annotated[
        list[str] | None, typer.Option(help="A capability that it may name; repeat for more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide which access tokens a province may issue itself while the center is away."""
    body = {"enabled": enabled, "capabilities": only or None}
    with center_client() as client:
        show_item(client.put(f"/provinces/{name}/delegated-issuer", body), as_json=as_json)


def uncounted(
    name: Annotated[str, typer.Argument(help="Name of the province.")],
    count: Annotated[bool, typer.Option("--count", help="Count what can be counted.")] = False,
    as_json: AsJson = False,
) -> None:
    """List records that no total holds: of what the center does not know, or lost at the edge."""
    path = f"/provinces/{name}/uncounted-telemetry"
    with center_client() as client:
        if count:
            show_item(client.post(f"{path}:count"), as_json=as_json)
            return
        rows = list(client.pages(path))
    columns = ["stream", "epoch", "first", "last", "kind", "why", "received_at"]
    show_rows(rows, columns, as_json=as_json, empty="Every record is counted.")


def audit(
    limit: Annotated[int, typer.Option(help="Newest acts to show.", min=1, max=200)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the newest acts of governance."""
    with center_client() as client:
        rows = client.get("/audit", limit=limit)["items"]
    show_rows(rows, ["at", "actor", "act", "subject"], as_json=as_json, empty="Nothing yet.")
