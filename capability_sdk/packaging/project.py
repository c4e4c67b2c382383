"""A new capability project, and the check of one."""

from collections.abc import Iterator
from importlib.abc import Traversable
from importlib.resources import files
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from capability_sdk.contracts.errors import Conflict, InvalidInput
from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import (
    AlgorithmFamily,
    Engine,
    Manifest,
    TensorSpec,
    Titles,
)
from capability_sdk.contracts.model import CapabilityName
from capability_sdk.contracts.packages import MANIFEST_FILE
from capability_sdk.packaging.checks import CheckReport, check_folder
from capability_sdk.packaging.definition import write_definition
from capability_sdk.packaging.layout import README_FILE

TEMPLATES = {
    "onnx": (Engine.ONNX, AlgorithmFamily.LINEAR),
    "sklearn": (Engine.ONNX, AlgorithmFamily.GRADIENT_BOOSTING),
    "xgboost": (Engine.ONNX, AlgorithmFamily.GRADIENT_BOOSTING),
    "lightgbm": (Engine.LIGHTGBM, AlgorithmFamily.GRADIENT_BOOSTING),
    "torch": (Engine.ONNX, AlgorithmFamily.MLP),
    "text": (Engine.ONNX, AlgorithmFamily.LINEAR),
    "python": (Engine.PYTHON, AlgorithmFamily.RULE),
}
"""Name of a template to the engine and family that its manifest starts with."""

_README = """\
# {name}

What it does, for whom, on which data it was trained, how good it is, and where it fails.

1. Put your data and your model into `train.py`; it runs as it is.
2. Say in `capability.toml` what people read: titles, summary, owner. Inputs and outputs are written
   by the training.
3. `python train.py` writes model, samples, reference and signature.
4. `jiuzhou check`, then `jiuzhou publish`. `jiuzhou reproduce` trains again and compares.
"""
_GITIGNORE = "dist/\n__pycache__/\n"


def init_project(
    folder: Path, name: str, template: str = "onnx", definition: Manifest | None = None
) -> list[Path]:
    """Write a new project.

    Args:
        folder: Made if it does not exist; files that are there are never overwritten.
        name: The capability's name.
        template: What to start from, one of `TEMPLATES`.
        definition: The manifest, where its author has filled it in already.

    Returns:
        The files that were written.

    Raises:
        InvalidInput: The name or the template is not acceptable.
        Conflict: A file of the template exists already; nothing was written.
    """
    try:
        TypeAdapter(CapabilityName).validate_python(name)
    except ValidationError as error:
        raise InvalidInput(
            f"{name!a} is no capability name: small letters, digits and hyphens, 2 to 63."
        ) from error
    first = first_definition(name, template)
    written = {
        MANIFEST_FILE: write_definition(definition or first),
        README_FILE: _README.replace("{name}", name),
        ".gitignore": _GITIGNORE,
        **dict(_template_files(files(__package__).joinpath("templates", template), "")),
    }
    taken = sorted(str(folder / path) for path in written if (folder / path).exists())
    if taken:
        raise Conflict(f"{taken[0]} exists already; take another folder.", files=taken)
    for path, text in written.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return [folder / path for path in written]


def check_project(folder: Path) -> CheckReport:
    """Check a project: every break is named with its cure; nothing of it is executed."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder.")
    return check_folder(folder)


def first_definition(name: str, template: str) -> Manifest:
    """Return what a project's manifest starts with; training writes its inputs and outputs anew.

    Raises:
        InvalidInput: There is no such template.
    """
    if template not in TEMPLATES:
        raise InvalidInput(f"There is no template {template!a}; there is {', '.join(TEMPLATES)}.")
    engine, family = TEMPLATES[template]
    return Manifest(
        name=name,
        version="0.1.0",
        titles=Titles(zh=name, en=name),
        summary=Titles(zh="一句话说明这项能力做什么。", en="One sentence that says what it does."),
        domain="network",
        owner="your organisation",
        algorithm_family=family,
        engine=engine,
        inputs=[TensorSpec(name="features", datatype=Datatype.FP32, shape=[1])],
        outputs=[TensorSpec(name="value", datatype=Datatype.FP32, shape=[1])],
    )


def _template_files(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_file():
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")
        elif entry.name != "__pycache__":
            yield from _template_files(entry, f"{path}{entry.name}/")
