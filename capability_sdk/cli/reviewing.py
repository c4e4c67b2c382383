"""What a reviewer does: look at the queue, approve or return versions and subscriptions."""

from typing import Annotated

import typer

from capability_sdk.cli.acts import act
from capability_sdk.cli.authoring import version_path
from capability_sdk.cli.config import center_client
from capability_sdk.cli.gating import show_checks
from capability_sdk.cli.output import AsJson, show_item, show_rows

Capability = Annotated[str, typer.Argument(help="Name of the capability.")]
Version = Annotated[str, typer.Argument(help="Version, such as 1.0.0.")]
Subscription = Annotated[str, typer.Argument(help="Id of the subscription.")]
Reason = Annotated[str, typer.Option(help="Why; the other side reads it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(review)
    approving = typer.Typer(no_args_is_help=True, help="Approve a version or a subscription.")
    approving.command("version")(approve_version)
    approving.command("subscription")(approve_subscription)
    app.add_typer(approving, name="approve")
    declining = typer.Typer(no_args_is_help=True, help="Return a version, decline a subscription.")
    declining.command("version")(return_version)
    declining.command("subscription")(decline_subscription)
    app.add_typer(declining, name="decline")


def review(
    capability: Annotated[str | None, typer.Argument(help="Capability to look at.")] = None,
    version: Annotated[str | None, typer.Argument(help="Its version.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the review queue, or one version with its gate report."""
    with center_client() as client:
        if capability is None or version is None:
            rows = list(client.pages("/reviews"))
            columns = ["name", "version", "author", "stage", "digests.package"]
            show_rows(rows, columns, as_json=as_json, empty="Nothing waits for a review.")
            return
        path = version_path(capability, version)
        view = client.get(path)
        report = client.get(f"{path}/gate-report")
        state = client.get(f"{path}/review")
    if as_json:
        show_item(view | {"gate_report": report, "review": state}, as_json=True)
        return
    show_item(view, as_json=False)
    show_item(report, as_json=False, members=("passed", "passport"))
    show_checks(report["checks"], as_json=False)
    columns = ["id", "titles.en", "titles.zh", "ticked_by"]
    show_rows(state["checklist"], columns, as_json=False, empty="No checklist.")


def approve_version(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    capability: Capability,
    version: Version,
    comment: Annotated[str, typer.Option(help="For the record.")] = "",
    checked: Annotated[
        list[str] | None, typer.Option(help="An item of the checklist that you looked at.")
    ] = None,
    all_checked: Annotated[
        bool, typer.Option("--all-checked", help="You looked at every item of the checklist.")
    ] = False,
    provinces: Annotated[
        list[str] | None, typer.Option("--province", help="Only for this province; may repeat.")
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option(help="Package digest that was reviewed; the current one if left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Approve a version: countersigns exactly this package."""
    path = version_path(capability, version)
    with center_client() as client:
        review = client.get(f"{path}/review")
        items = [item["id"] for item in review["checklist"]] if all_checked else checked or []
        body = {
            "package_digest": digest or review["version"]["digests"]["package"],
            "comment": comment,
            "checked": items,
            "conditions": {"provinces": provinces or None},
        }
        view = client.post(f"{path}:approve", body)
    show_item(view, as_json=as_json, members=("name", "version", "stage", "digests"))


def return_version(
    capability: Capability, version: Version, comment: Reason, as_json: AsJson = False
) -> None:
    """Return a version to its author with a comment."""
    with center_client() as client:
        view = client.post(f"{version_path(capability, version)}:return", {"comment": comment})
    show_item(view, as_json=as_json, members=("name", "version", "stage"))


def approve_subscription(subscription: Subscription, as_json: AsJson = False) -> None:
    """Approve a subscription: its application may call at once."""
    act(f"/subscriptions/{subscription}:approve", as_json=as_json)


def decline_subscription(
    subscription: Subscription, reason: Reason, as_json: AsJson = False
) -> None:
    """Decline a subscription with a reason."""
    act(f"/subscriptions/{subscription}:decline", {"reason": reason}, as_json=as_json)
