"""Which files a package may hold: an allow-list of paths, sizes and formats.

What is not on the list is refused, so that no new trick has to be known in advance.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from capability_sdk.contracts.manifest import Engine
from capability_sdk.contracts.packages import MANIFEST_FILE, SIGNATURE_FILE, Check
from capability_sdk.packaging.errors import broken

MIB = 1 << 20
MAX_PATH = 200
MAX_DEPTH = 8
MAX_FILES = 2_000
MAX_ARCHIVE_BYTES = 256 * MIB
MAX_UNPACKED_BYTES = 256 * MIB
PROFILE_FILE = "reference/profile.json"
QUALITY_FILE = "reference/quality.json"
TRAINING_FILE = "reference/training.json"
README_FILE = "README.md"
CODE_FOLDER = "code/"
MODEL_FOLDER = "model/"
SAMPLES_FOLDER = "samples/"
ANNOTATION_FOLDER = "annotation/"
REFERENCE_FOLDER = "reference/"
ENTRY_POINT = "code/capability.py"

MODEL_SUFFIXES = {
    Engine.ONNX: (".onnx",),
    Engine.XGBOOST: (".json", ".ubj"),
    Engine.LIGHTGBM: (".txt",),
}
"""Engines that execute exactly one file of model/, and what it ends with."""


class Format(StrEnum):
    """What a file's bytes must be."""

    TEXT = "text"
    JSON = "json"
    ONNX = "onnx"
    UBJSON = "ubjson"
    LIGHTGBM = "lightgbm"
    SAFETENSORS = "safetensors"


@dataclass(frozen=True, slots=True)
class Rule:
    """Paths that match ``pattern`` hold ``format`` and at most ``max_bytes``."""

    pattern: re.Pattern[str]
    format: Format
    max_bytes: int


_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"


def _rule(pattern: str, kind: Format, max_bytes: int) -> Rule:
    return Rule(re.compile(pattern.replace("NAME", _NAME)), kind, max_bytes)


_RULES = (
    _rule(re.escape(MANIFEST_FILE), Format.TEXT, MIB // 16),
    _rule(re.escape(SIGNATURE_FILE), Format.JSON, MIB),
    _rule(r"README\.md", Format.TEXT, MIB),
    _rule(r"model/NAME\.onnx", Format.ONNX, MAX_UNPACKED_BYTES),
    _rule(r"model/NAME\.json", Format.JSON, 64 * MIB),
    _rule(r"model/NAME\.ubj", Format.UBJSON, MAX_UNPACKED_BYTES),
    _rule(r"model/NAME\.txt", Format.LIGHTGBM, MAX_UNPACKED_BYTES),
    _rule(r"model/NAME\.safetensors", Format.SAFETENSORS, MAX_UNPACKED_BYTES),
    _rule(r"code/(NAME/)*NAME\.(py|txt|toml)", Format.TEXT, MIB),
    _rule(r"code/(NAME/)*NAME\.json", Format.JSON, 4 * MIB),
    _rule(r"samples/NAME\.json", Format.JSON, 4 * MIB),
    _rule(re.escape(PROFILE_FILE), Format.JSON, 8 * MIB),
    _rule(re.escape(QUALITY_FILE), Format.JSON, 4 * MIB),
    _rule(re.escape(TRAINING_FILE), Format.JSON, MIB),
    _rule(r"annotation/NAME\.json", Format.JSON, MIB),
    _rule(r"annotation/NAME\.toml", Format.TEXT, MIB),
)
# Files that Python or its installers run or obey without being asked.
_SELF_STARTING = frozenset(
    {"sitecustomize.py", "usercustomize.py", "setup.py", "entry_points.txt", "pyproject.toml"}
)
_CURE = "Remove it; `jiuzhou build` packs only what belongs into a package."


def rule_for(path: str) -> Rule | None:
    """Return the rule a path falls under; None where no rule allows it."""
    if PurePosixPath(path).name.lower() in _SELF_STARTING:
        return None
    return next((rule for rule in _RULES if rule.pattern.fullmatch(path)), None)


def path_breaks(path: str, size: int) -> Iterator[Check]:
    """Yield what is wrong with a file's path and size, before its content is looked at."""
    shown = ascii(path[:MAX_PATH])
    parts = path.split("/")
    if len(path) > MAX_PATH or len(parts) > MAX_DEPTH:
        limit = f"at most {MAX_PATH} characters and {MAX_DEPTH} levels"
        yield broken("path", f"{shown} is too long or too deep", f"Keep paths to {limit}.")
    elif path.startswith("/") or ".." in parts or "\\" in path:
        yield broken("path", f"{shown} points out of the package", _CURE)
    elif (rule := rule_for(path)) is None:
        yield broken("path", f"{shown} is not a file that a package may hold", _CURE)
    elif size > rule.max_bytes:
        yield broken(
            "size",
            f"{shown} holds {size} bytes, more than {rule.max_bytes}",
            "Make the file smaller.",
        )


class Names:
    """The names seen so far; finds those that meet on a file system that ignores case."""

    def __init__(self) -> None:
        self._spelt: dict[str, str] = {}
        self._files: set[str] = set()

    def add(self, path: str) -> Iterator[Check]:
        """Take a file's path and yield how it collides with an earlier one."""
        folded = path.casefold()
        collides = folded in self._spelt  # the same file, or a folder of that name
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            prefix = "/".join(parts[:length])
            known = self._spelt.setdefault(prefix.casefold(), prefix)
            collides = collides or known != prefix or prefix.casefold() in self._files
        self._files.add(folded)
        if collides:
            yield broken(
                "path",
                f"{path!a} collides with another name",
                "Give every file one name that differs in more than case.",
            )
