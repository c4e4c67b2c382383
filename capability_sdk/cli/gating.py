"""The publish gate on one's own machine, as the center will run it."""

import importlib.util
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from capability_sdk.cli.output import AsJson, complain, show_rows
from capability_sdk.contracts.packages import GateReport
from capability_sdk.gate.page.words import Language
from capability_sdk.packaging.builder import build as build_unsigned
from capability_sdk.packaging.errors import PackageRefused, ServingUnavailable

_COLUMNS: Final = ("section", "name", "verdict", "detail", "cure")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(gate)


def gate(
    folder: Annotated[Path, typer.Argument(help="The capability.", file_okay=False)] = Path(),
    html: Annotated[Path | None, typer.Option(help="Write the report's page there.")] = None,
    language: Annotated[Language, typer.Option(help="Of the page.")] = "en",
    brief: Annotated[bool, typer.Option("--brief", help="The same checks, rough figures.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the publish gate here: every check of the sandbox, and the passport."""
    _require_runtime()
    from capability_sdk.gate.plan import BRIEF, THOROUGH  # noqa: PLC0415 - a light start
    from capability_sdk.gate.proving import prove_archive  # noqa: PLC0415 - a light start

    title = folder.resolve().name
    with tempfile.TemporaryDirectory() as scratch:
        try:
            package = build_unsigned(folder, Path(scratch) / "package.tar.gz")
        except PackageRefused as refusal:
            report = GateReport(passed=False, checks=list(refusal.breaks))
        else:
            title = f"{package.manifest.name} {package.manifest.version}"
            report = prove_archive(package.path, complain, plan=BRIEF if brief else THOROUGH)
    if html is not None:
        from capability_sdk.gate.page.rendering import render  # noqa: PLC0415 - needs jinja2

        html.write_text(render(report, title, language), encoding="utf-8")
        complain(f"The report is in {html}")
    if as_json:
        print(report.model_dump_json(indent=2, by_alias=True))
    else:
        show_checks([item.model_dump(mode="json") for item in report.checks], as_json=False)
    if not report.passed:
        raise typer.Exit(1)


def show_checks(checks: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print the checks of a report, those that did not pass last."""
    rows = [dict(check) | {"verdict": _verdict(check)} for check in checks]
    rows.sort(key=lambda row: row["verdict"] == "FAILED")
    show_rows(rows, _COLUMNS, as_json=as_json, empty="The report is empty.")


def _verdict(check: Mapping[str, Any]) -> str:
    if check.get("skipped"):
        return "skipped"
    return "passed" if check["passed"] else "FAILED"


def _require_runtime() -> None:
    if importlib.util.find_spec("onnxruntime") is None:
        raise ServingUnavailable("The gate runs the model: pip install 'jiuzhou[serving]'.")
