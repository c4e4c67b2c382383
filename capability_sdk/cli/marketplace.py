"""What an operator does in the store: browse, register applications, subscribe."""

from typing import Annotated

import typer

from capability_sdk.cli.acts import act
from capability_sdk.cli.config import center_client
from capability_sdk.cli.output import AsJson, show_item, show_rows

Province = Annotated[str, typer.Option(help="Name of the province.")]
ApplicationId = Annotated[str, typer.Argument(help="Client id of the application.")]
SubscriptionId = Annotated[str, typer.Argument(help="Id of the subscription.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(store)
    app.command()(subscribe)
    applications = typer.Typer(no_args_is_help=True, help="The calling systems of a province.")
    applications.command("create")(create_application)
    applications.command("list")(list_applications)
    applications.command("rotate")(rotate_secret)
    applications.command("suspend")(suspend_application)
    applications.command("resume")(resume_application)
    app.add_typer(applications, name="application")
    subscriptions = typer.Typer(no_args_is_help=True, help="Who may call what.")
    subscriptions.command("list")(list_subscriptions)
    subscriptions.command("suspend")(suspend_subscription)
    subscriptions.command("resume")(resume_subscription)
    subscriptions.command("withdraw")(withdraw_subscription)
    app.add_typer(subscriptions, name="subscription")


def store(
    query: Annotated[str | None, typer.Argument(help="Words to look for, Chinese too.")] = None,
    capability: Annotated[str | None, typer.Option("--show", help="One capability whole.")] = None,
    domain: Annotated[str | None, typer.Option(help="Only this domain.")] = None,
    as_json: AsJson = False,
) -> None:
    """Browse the store."""
    with center_client() as client:
        if capability is not None:
            show_item(client.get(f"/capabilities/{capability}"), as_json=as_json)
            return
        rows = list(client.pages("/capabilities", q=query, domain=domain))
    columns = ["name", "version", "titles.zh", "titles.en", "domain", "stage", "owner"]
    show_rows(rows, columns, as_json=as_json, empty="The store has nothing that fits.")


def create_application(
    name: Annotated[str, typer.Argument(help="Name of the calling system.")],
    province: Province,
    as_json: AsJson = False,
) -> None:
    """Register a calling system; its secret is shown this once."""
    act("/applications", {"name": name, "province": province}, as_json=as_json)


def list_applications(as_json: AsJson = False) -> None:
    """List applications."""
    with center_client() as client:
        rows = list(client.pages("/applications"))
    columns = ["client_id", "name", "province", "is_active"]
    show_rows(
        rows, columns, as_json=as_json, empty="No application yet: jiuzhou application create"
    )


def rotate_secret(application: ApplicationId, as_json: AsJson = False) -> None:
    """Make a second secret, so that callers can move over without a break."""
    act(f"/applications/{application}/secrets", as_json=as_json)


def suspend_application(application: ApplicationId, as_json: AsJson = False) -> None:
    """Suspend an application: none of its calls is served any more."""
    act(f"/applications/{application}:suspend", as_json=as_json)


def resume_application(application: ApplicationId, as_json: AsJson = False) -> None:
    """Let a suspended application call again."""
    act(f"/applications/{application}:resume", as_json=as_json)


def subscribe(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    capability: Annotated[str, typer.Argument(help="Name of the capability.")],
    application: Annotated[str, typer.Option(help="Client id of the application.")],
    purpose: Annotated[str, typer.Option(help="What it is for; the approver reads it.")],
    plan: Annotated[str, typer.Option(help="Its plan: jiuzhou plan list.")] = "standard",
    daily_quota: Annotated[int | None, typer.Option(help="Calls a day, if not the plan's.")] = None,
    rate: Annotated[float | None, typer.Option(help="Calls a second, if not the plan's.")] = None,
    concurrency: Annotated[
        int | None, typer.Option(help="Calls at the same time, if not the plan's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Request a subscription; its plan, or a center admin, approves it."""
    body = {
        "application": application,
        "capability": capability,
        "plan": plan,
        "daily_quota": daily_quota,
        "rate_per_second": rate,
        "concurrency": concurrency,
        "purpose": purpose,
    }
    act("/subscriptions", body, as_json=as_json)


def list_subscriptions(
    province: Annotated[str | None, typer.Option(help="Only this province.")] = None,
    capability: Annotated[str | None, typer.Option(help="Only this capability.")] = None,
    status: Annotated[str | None, typer.Option(help="Only this status.")] = None,
    as_json: AsJson = False,
) -> None:
    """List subscriptions."""
    with center_client() as client:
        rows = list(
            client.pages("/subscriptions", province=province, capability=capability, status=status)
        )
    columns = ["id", "province", "application", "capability", "status", "daily_quota"]
    show_rows(rows, columns, as_json=as_json, empty="No subscription yet: jiuzhou subscribe")


def suspend_subscription(subscription: SubscriptionId, as_json: AsJson = False) -> None:
    """Suspend a subscription; it holds on every gateway within seconds."""
    act(f"/subscriptions/{subscription}:suspend", as_json=as_json)


def resume_subscription(subscription: SubscriptionId, as_json: AsJson = False) -> None:
    """Resume a suspended subscription."""
    act(f"/subscriptions/{subscription}:resume", as_json=as_json)


def withdraw_subscription(subscription: SubscriptionId, as_json: AsJson = False) -> None:
    """Take back a request that nobody has decided on."""
    act(f"/subscriptions/{subscription}:withdraw", as_json=as_json)
