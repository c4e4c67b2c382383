"""Says what is well and what is not, and what to do about it."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from capability_sdk.cli.config import NotSignedIn, center_client, signing_key_path
from capability_sdk.cli.output import AsJson, show_rows
from capability_sdk.cli.province_checks import check_province
from capability_sdk.client.problems import ClientError
from capability_sdk.contracts.packages import Check
from capability_sdk.sandbox import why_no_code

_EXTRAS = {
    "signing": ("model_signing", "build and verify signed packages"),
    "serving": ("onnxruntime", "serve and test models"),
    "profiling": ("whylogs", "build data profiles"),
}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(doctor)


def doctor(
    data: Annotated[
        Path | None, typer.Option(help="Also look at this province's folder.", file_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check this machine, the account and, on request, a province's folder."""
    checks = [*_machine(), *_account(), *(check_province(data) if data else [])]
    rows = [check.model_dump() for check in checks]
    show_rows(rows, ["name", "passed", "detail", "cure"], as_json=as_json, empty="")
    if not all(check.passed for check in checks):
        raise typer.Exit(1)


def _machine() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check(
        name="python",
        passed=(3, 11) <= sys.version_info[:2] < (3, 13),
        detail=version,
        cure="Use Python 3.11 or 3.12.",
    )
    for extra, (module, use) in _EXTRAS.items():
        yield Check(
            name=f"extra {extra}",
            passed=find_spec(module) is not None,
            detail=f"needed to {use}",
            cure=f"pip install 'jiuzhou[{extra}]'",
        )
    reason = why_no_code()
    yield Check(
        name="sandbox",
        passed=reason is None,
        detail=reason or "bubblewrap and control groups confine the code of packages",
        cure="Install bubblewrap and let this user make control groups; until then packages with"
        " code are refused.",
    )


def _account() -> Iterator[Check]:
    key = signing_key_path()
    if key.exists():
        private = key.stat().st_mode & 0o077 == 0
        yield Check(name="signing key", passed=private, detail=str(key), cure=f"chmod 600 {key}")
    try:
        with center_client() as client:
            me = client.get("/me")
    except NotSignedIn as error:
        yield Check(name="account", passed=False, detail="not signed in", cure=str(error))
    except ClientError as error:
        yield Check(
            name="account", passed=False, detail=str(error), cure="Start the center, or sign in."
        )
    else:
        yield Check(name="account", passed=True, detail=f"{me['name']} ({me['role']})")
