"""From a package to the form that another server takes."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from capability_sdk.cli.output import AsJson, complain, show_item
from capability_sdk.packaging import archive
from capability_sdk.packaging.builder import build_package

_export = typer.Typer(help="Write a package in the form that another server takes.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(_export, name="export")


@_export.callback()
def _group() -> None:
    """Make `triton` a command of its own, though it is the only one."""


@_export.command()
def triton(
    package: Annotated[Path, typer.Argument(help="A capability's folder, or its archive.")],
    out: Annotated[Path, typer.Argument(help="The model repository.", file_okay=False)],
    best_batch: Annotated[
        int | None,
        typer.Option(help="Rows of the best batch, from the passport; measured if not given."),
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads that a batch may use.", min=1)] = 1,
    as_json: AsJson = False,
) -> None:
    """Write a model repository that tritonserver serves with its Python backend."""
    try:
        from capability_sdk.serving.triton.repository import write_repository  # noqa: PLC0415 - a light start
        from capability_sdk.serving.triton.speed import best_batch_of  # noqa: PLC0415 - a light start
    except ModuleNotFoundError as error:
        complain(f"`jiuzhou export` needs {error.name}: pip install 'jiuzhou[serving]'")
        raise typer.Exit(1) from None
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "package"
        manifest = archive.unpack(_as_archive(package, Path(scratch)), folder).manifest
        rows = best_batch or best_batch_of(folder, manifest, threads)
        model = write_repository(folder, manifest, out, best_batch=rows, threads=threads)
    show_item(
        {
            "repository": str(out),
            "model": model.name,
            "engine": manifest.engine.value,
            "max_batch_size": manifest.max_batch_size,
            "best_batch": rows,
        },
        as_json=as_json,
    )


def _as_archive(package: Path, scratch: Path) -> Path:
    """Give a checked archive, whichever form the package has."""
    return build_package(package, scratch / "package.tar.gz").path if package.is_dir() else package
