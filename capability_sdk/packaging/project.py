"""A new capability project, and the check of one."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from capability_sdk.contracts.errors import Conflict, InvalidInput
from capability_sdk.contracts.model import CapabilityName
from capability_sdk.contracts.packages import MANIFEST_FILE
from capability_sdk.packaging.checks import CheckReport, check_folder
from capability_sdk.packaging.layout import README_FILE

_MANIFEST = """\
# What this capability is. Every member is explained in docs/manifest of the platform.
name = "{name}"
version = "0.1.0"
domain = "network"
owner = "your organisation"
licence = "proprietary"
algorithm_family = "linear"
engine = "onnx"
max_batch_size = 64

[titles]
zh = "{name}"
en = "{name}"

[summary]
zh = "一句话说明这项能力做什么。"
en = "One sentence that says what it does."

# Shapes leave out the batch dimension.
[[inputs]]
name = "features"
datatype = "FP32"
shape = [4]
description = "What the values are, and in which unit."

[[outputs]]
name = "score"
datatype = "FP32"
shape = [1]
"""
_README = """\
# {name}

What it does, for whom, on which data it was trained, how good it is, and where it fails.

1. Export the model to `model/model.onnx`; its tensors are named as in `capability.toml`.
2. Put requests with expected answers into `samples/*.json`.
3. `jiuzhou check`, then `jiuzhou publish`.
"""
_SAMPLE = """\
{
  "request": {
    "inputs": [{"name": "features", "datatype": "FP32", "shape": [1, 4], "data": [0, 0, 0, 0]}]
  },
  "expected": {"score": [0.0]},
  "tolerance": 1e-4
}
"""
_GITIGNORE = "dist/\n__pycache__/\n"
TEMPLATES = {
    "onnx": {
        MANIFEST_FILE: _MANIFEST,
        README_FILE: _README,
        "samples/zeros.json": _SAMPLE,
        ".gitignore": _GITIGNORE,
    }
}


def init_project(folder: Path, name: str, template: str = "onnx") -> list[Path]:
    """Write a new project.

    Args:
        folder: Made if it does not exist; files that are there are never overwritten.
        name: The capability's name.
        template: What to start from, one of `TEMPLATES`.

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
    if template not in TEMPLATES:
        raise InvalidInput(f"There is no template {template!a}; there is {', '.join(TEMPLATES)}.")
    files = {folder / path: text for path, text in TEMPLATES[template].items()}
    taken = sorted(str(path) for path in files if path.exists())
    if taken:
        raise Conflict(f"{taken[0]} exists already; take another folder.", files=taken)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{name}", name), encoding="utf-8")
    return list(files)


def check_project(folder: Path) -> CheckReport:
    """Check a project: every break is named with its cure; nothing of it is executed."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder.")
    return check_folder(folder)
