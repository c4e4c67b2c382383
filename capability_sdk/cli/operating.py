"""Deployments, and what comes back from the provinces: usage, drift, quality."""

from datetime import datetime
from typing import Annotated, Any

import typer

from capability_sdk.cli.config import center_client
from capability_sdk.cli.output import AsJson, show_item, show_rows

Capability = Annotated[str | None, typer.Argument(help="Only this capability.")]
InProvince = Annotated[str | None, typer.Option("--province", help="Only this province.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(deploy)
    app.command()(deployments)
    app.command()(undeploy)
    app.command()(boost)
    app.command()(boosts)
    app.command()(usage)
    app.command()(drift)
    app.command()(quality)


def deploy(  # noqa: PLR0913, PLR0917 - options of a command, not arguments that anybody passes
    capability: Annotated[str, typer.Argument(help="Name of the capability.")],
    province: Annotated[str, typer.Option(help="Where it shall run.")],
    version: Annotated[
        list[str], typer.Option(help="Version, or VERSION=WEIGHT; repeat it to split traffic.")
    ],
    replicas: Annotated[int | None, typer.Option(help="Instances of each version; 1.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="Server around the model: triton. Our runtime if unset.")
    ] = None,
    least: Annotated[
        int | None, typer.Option("--min", help="Scale down to so many; 0 lets it sleep.")
    ] = None,
    most: Annotated[int | None, typer.Option("--max", help="Scale up to so many.")] = None,
    budget: Annotated[
        int | None, typer.Option(help="Thousandths of a core that scaled replicas may reserve.")
    ] = None,
    target_p99_ms: Annotated[
        float | None, typer.Option(help="Scale for this p99; the manifest's if unset.")
    ] = None,
    priority: Annotated[
        str, typer.Option(help="standard, or best-effort: it makes room for standard work.")
    ] = "standard",
    apart: Annotated[bool, typer.Option("--apart", help="Replicas on different nodes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set what a province shall run of a capability; with --max, replicas follow the calls."""
    given = _scaling(min=least, max=most, budget_millicores=budget, target_p99_ms=target_p99_ms)
    members = {
        "replicas": max(least or 1, 1) if replicas is None else replicas,
        **({"engine": engine} if engine else {}),
        **({"scaling": given} if given else {}),
    }
    with center_client() as client:
        path = f"/provinces/{province}/deployments/{capability}"
        body = {
            "versions": [{**_share(text), **members} for text in version],
            "priority": priority,
            "apart": "required" if apart else "preferred",
        }
        show_item(client.put(path, body), as_json=as_json)


def _scaling(**bounds: float | None) -> dict[str, float]:
    given = {name: value for name, value in bounds.items() if value is not None}
    if given and "max" not in given:
        raise typer.BadParameter("replicas scale where --max says how far")
    return given


def _share(text: str) -> dict[str, Any]:
    version, _, weight = text.partition("=")
    if weight and not weight.isdecimal():
        raise typer.BadParameter(f"{text!r}: the weight after = is a whole number, as in 1.0.0=90")
    return {"version": version, "weight": int(weight) if weight else 1}


def deployments(province: InProvince = None, as_json: AsJson = False) -> None:
    """List what each province shall run."""
    with center_client() as client:
        rows = list(client.pages("/deployments", province=province))
    columns = ["province", "capability", "versions"]
    show_rows(rows, columns, as_json=as_json, empty="Nothing is deployed yet: jiuzhou deploy")


def undeploy(
    capability: Annotated[str, typer.Argument(help="Name of the capability.")],
    province: Annotated[str, typer.Option(help="Where it shall not run any more.")],
) -> None:
    """Stop running a capability in a province."""
    with center_client() as client:
        client.delete(f"/provinces/{province}/deployments/{capability}")
    print(f"{capability} is no longer deployed in {province}.")


def boost(
    capability: Annotated[str, typer.Argument(help="Name of the capability.")],
    province: Annotated[str, typer.Option(help="Where it is called too much.")],
    replicas: Annotated[
        int | None, typer.Option(help="Instances of each version with traffic, at least.")
    ] = None,
    minutes: Annotated[int, typer.Option(help="After which it ends by itself.")] = 60,
    reason: Annotated[str | None, typer.Option(help="Why; it is written down.")] = None,
    end: Annotated[bool, typer.Option("--end", help="End the boost in force now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have more replicas for a time, against a flood of calls."""
    path = f"/provinces/{province}/deployments/{capability}"
    with center_client() as client:
        if end:
            client.post(f"{path}:end-boost", {})
            print(f"{capability} is no longer boosted in {province}.")
            return
        if replicas is None or reason is None:
            raise typer.BadParameter("say how many --replicas, and the --reason")
        body = {"replicas": replicas, "minutes": minutes, "reason": reason}
        show_item(client.post(f"{path}:boost", body), as_json=as_json)


def boosts(
    capability: Annotated[str, typer.Argument(help="Name of the capability.")],
    province: Annotated[str, typer.Option(help="Where it runs.")],
    as_json: AsJson = False,
) -> None:
    """List who boosted a deployment, why, and how long the recovery took."""
    with center_client() as client:
        rows = list(client.pages(f"/provinces/{province}/deployments/{capability}/boosts"))
    columns = ["begun_at", "until", "replicas", "ordered_by", "reason", "recovery_seconds"]
    show_rows(rows, columns, as_json=as_json, empty="It was never boosted.")


def usage(
    by: Annotated[str, typer.Option(help="Grouping.")] = "province,capability,application",
    since: Annotated[
        datetime | None, typer.Option(help="From this time on, UTC; without it the last 30 days.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this time, UTC.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how much was called."""
    query = {
        "by": by,
        "from": f"{since.isoformat()}Z" if since else None,
        "to": f"{until.isoformat()}Z" if until else None,
    }
    with center_client() as client:
        rows = list(client.pages("/usage", **query))
    columns = [*by.split(","), "calls", "units", "errors", "throttled"]
    show_rows(rows, columns, as_json=as_json, empty="No call has been counted yet.")


def drift(
    capability: Capability = None, province: InProvince = None, as_json: AsJson = False
) -> None:
    """Show which capability drifts where; with both given, column by column."""
    with center_client() as client:
        if capability is not None and province is not None:
            _show_columns(client.get(f"/drift/{capability}/{province}"), as_json=as_json)
            return
        rows = list(client.pages("/drift", capability=capability, province=province))
    columns = ["capability", "version", "province", "verdict", "rows", "columns_moved"]
    columns += ["worst.column", "worst.effect", "worst.q"]
    show_rows(rows, columns, as_json=as_json, empty="No profile has arrived yet.")


def _show_columns(verdict: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_item(verdict, as_json=True)
        return
    rows = verdict.pop("columns")
    verdict.pop("worst", None)
    show_item(verdict, as_json=False)
    columns = ["column", "moved", "effect", "statistic", "p", "q"]
    show_rows(rows, columns, as_json=False, empty="No column was compared yet.")


def quality(
    capability: Capability = None, province: InProvince = None, as_json: AsJson = False
) -> None:
    """Show how good the answers were, from feedback."""
    with center_client() as client:
        rows = list(client.pages("/quality", capability=capability, province=province))
    columns = ["capability", "version", "province", "accuracy", "f1", "sensitivity"]
    columns += ["specificity", "labelled", "coverage"]
    show_rows(rows, columns, as_json=as_json, empty="No feedback has arrived yet.")
