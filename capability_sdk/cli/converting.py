"""From a model to a package, and from a form to a definition: convert, reproduce, manifest."""

import ast
import json
import runpy
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from capability_sdk.cli.output import AsJson, complain, show_rows
from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import MANIFEST_FILE
from capability_sdk.kit.files import write_atomically
from capability_sdk.packaging.definition import definition_schema, write_definition
from capability_sdk.packaging.reproduction import reproduce as train_again

_manifest = typer.Typer(help="The definition of a capability, for forms and programs.")

ModelFile = Annotated[
    Path,
    typer.Argument(
        help="ONNX (.onnx), XGBoost (.json, .ubj), LightGBM (.txt), capability.py, or a script that"
        " leaves a model.",
        exists=True,
        dir_okay=False,
    ),
]
Folder = Annotated[Path, typer.Option(help="Project to write.", file_okay=False)]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(convert)
    app.command()(reproduce)
    app.add_typer(_manifest, name="manifest")


def convert(
    model: ModelFile,
    folder: Folder,
    training: Annotated[
        Path | None, typer.Option(help="Training data, CSV; a script may leave it instead.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="Column that the model learnt.")] = None,
    names: Annotated[
        tuple[str, str], typer.Option("--names", help="What a script calls model and training.")
    ] = ("model", "training"),
    hints: Annotated[
        Path | None, typer.Option(help="JSON with units, levels, sensitive, layout, execution.")
    ] = None,
) -> None:
    """Make a package folder of a model; everything is inferred from it and its training data."""
    try:
        # Brings numpy, pandas and ONNX, which the light base install does not have.
        from capability_sdk.conversion import Hints, package  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        complain(f"`jiuzhou convert` needs {error.name}: pip install 'jiuzhou[convert]'")
        raise typer.Exit(1) from error
    found: Any = model
    rows = None if training is None else _read_rows(training)
    if model.suffix == ".py" and not _defines_capability(model):
        found, rows = _run_script(model, names, rows)
    if rows is None:
        raise InvalidInput("There is no training data; give --training FILE.csv.")
    said = _parsed(Hints, hints.read_text(encoding="utf-8")) if hints else Hints()
    made = package(found, training=rows, target=target, folder=folder, hints=said)
    print(made.report())


def reproduce(
    folder: Annotated[Path, typer.Argument(help="Folder of the capability.")] = Path(),
    seconds: Annotated[float, typer.Option(help="How long the training may take.")] = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Train again in a copy of the project: the same weights, or what explains the difference."""
    checks = train_again(folder, seconds=seconds)
    rows = [item.model_dump(include=_CHECK_COLUMNS) for item in checks]
    columns = ["name", "passed", "detail", "cure"]
    show_rows(rows, columns, as_json=as_json, empty="Nothing to compare.")
    if not checks[0].passed:
        raise typer.Exit(1)


@_manifest.command()
def schema() -> None:
    """Print the JSON Schema of a definition: what a form is drawn from."""
    print(json.dumps(definition_schema(), ensure_ascii=False, indent=2))


@_manifest.command()
def write(
    filled: Annotated[Path, typer.Argument(help="JSON of a filled form.", dir_okay=False)],
    folder: Folder = Path(),
) -> None:
    """Write capability.toml from the JSON of a filled form."""
    manifest = _parsed(Manifest, filled.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / MANIFEST_FILE, write_definition(manifest).encode(), mode=0o644)
    print(f"{folder / MANIFEST_FILE} is written.")


_CHECK_COLUMNS: Final = {"name", "passed", "detail", "cure"}


def _parsed(kind: Any, text: str) -> Any:  # noqa: ANN401 - one of our models, and its value
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InvalidInput("; ".join(problems), fields=problems) from error


def _read_rows(path: Path) -> Any:  # noqa: ANN401 - a pandas frame
    import pandas as pd  # noqa: PLC0415 - absent from the light base install

    try:
        return pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise InvalidInput(f"{path.name} is no table in CSV: {error}") from error


def _defines_capability(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.ClassDef) and node.name == "Capability" for node in tree.body)


def _run_script(path: Path, names: tuple[str, str], rows: Any) -> tuple[Any, Any]:  # noqa: ANN401 - what the script leaves
    left = runpy.run_path(str(path))
    if names[0] not in left:
        raise InvalidInput(
            f"{path.name} leaves no {names[0]!r}; name what it leaves by --names MODEL TRAINING."
        )
    return left[names[0]], left.get(names[1]) if rows is None else rows
