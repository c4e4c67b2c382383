"""From a folder to a version in review: init, check, build, publish."""

import tempfile
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from capability_sdk.cli.asking import ask_definition
from capability_sdk.cli.config import center_client, signing_key_path
from capability_sdk.cli.gating import show_checks
from capability_sdk.cli.output import AsJson, complain, show_item, show_rows
from capability_sdk.client import ApiProblem, CenterClient
from capability_sdk.packaging import project, signing
from capability_sdk.packaging.builder import BuiltPackage, build_package

_GATE_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 0.3

Folder = Annotated[Path, typer.Argument(help="Folder of the capability.", file_okay=False)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(init)
    app.command()(check)
    app.command()(build)
    app.command()(publish)


def init(
    folder: Annotated[Path, typer.Argument(help="New folder.")],
    name: Annotated[str | None, typer.Option(help="Name; the folder's by default.")] = None,
    template: Annotated[
        str, typer.Option(help=f"What to start from: {', '.join(project.TEMPLATES)}.")
    ] = "onnx",
    interactive: Annotated[bool, typer.Option(help="Ask for the definition, as a form.")] = False,
) -> None:
    """Write a new capability project that runs end to end."""
    called = name or folder.resolve().name
    definition = ask_definition(called, template) if interactive else None
    project.init_project(folder, called, template, definition)
    print(f"{folder} is a capability project now. Next: python {folder / 'train.py'}")


def check(folder: Folder = Path(), as_json: AsJson = False) -> None:
    """Check a capability project: every break is named, with what mends it."""
    report = project.check_project(folder)
    rows = [item.model_dump() for item in report.checks]
    show_rows(
        rows, ["name", "passed", "detail", "cure"], as_json=as_json, empty="Nothing to check."
    )
    if not report.passed:
        raise typer.Exit(1)


def build(
    folder: Folder = Path(),
    out: Annotated[Path | None, typer.Option(help="The archive to write.")] = None,
    as_json: AsJson = False,
) -> None:
    """Build and sign the package of a capability."""
    package = _build(folder, out)
    show_item(
        {
            "archive": str(package.path),
            "capability": package.manifest.name,
            "version": package.manifest.version,
            **package.digests.model_dump(),
        },
        as_json=as_json,
    )


def publish(
    folder: Folder = Path(),
    review: Annotated[bool, typer.Option(help="Ask for a review when the gate passed.")] = True,
    as_json: AsJson = False,
) -> None:
    """Build, sign, upload, await the gate, ask for a review: one act."""
    with tempfile.TemporaryDirectory() as scratch, center_client() as client:
        package = _build(folder, Path(scratch) / "package.tar.gz")
        _register_key(client)
        complain(f"Uploading {package.manifest.name} {package.manifest.version} …")
        view = client.upload_package(package.path)
        view = _await_gate(client, view)
        path = version_path(view["name"], view["version"])
        if view["stage"] == "gate_failed":
            _show_gate(client, path, as_json=as_json)
            raise typer.Exit(1)
        if review:
            view = client.post(f"{path}:request-review")
    show_item(view, as_json=as_json, members=("name", "version", "stage", "digests"))


def version_path(name: str, version: str) -> str:
    """Return the path of a version at the center."""
    return f"/capabilities/{name}/versions/{version}"


def _build(folder: Path, out: Path | None) -> BuiltPackage:
    key = signing_key_path()
    if not key.exists():
        signing.generate_key(key)
        complain(f"Made your signing key: {key}")
    return build_package(folder, out, signing_key=key)


def _register_key(client: CenterClient) -> None:
    try:
        pem = signing.public_key_pem(signing_key_path())
        client.post("/signing-keys", {"public_key_pem": pem})
    except ApiProblem as error:
        if error.status != 409:  # noqa: PLR2004 - HTTP: the center knows the key already
            raise


def _await_gate(client: CenterClient, view: dict[str, Any]) -> dict[str, Any]:
    path = version_path(view["name"], view["version"])
    deadline = time.monotonic() + _GATE_SECONDS
    complain("The publish gate tests it …")
    told = None
    while view["stage"] == "gating":
        if view.get("gate_progress") not in {None, told}:
            told = view["gate_progress"]
            complain(f"The publish gate: {told}")
        if time.monotonic() > deadline:
            complain("The gate is still at it; `jiuzhou review NAME VERSION` shows its report.")
            raise typer.Exit(1)
        time.sleep(_POLL_SECONDS)
        view = client.get(path)
    return view


def _show_gate(client: CenterClient, path: str, *, as_json: bool) -> None:
    report = client.get(f"{path}/gate-report")
    complain("The gate refused it:")
    show_checks(report["checks"], as_json=as_json)
