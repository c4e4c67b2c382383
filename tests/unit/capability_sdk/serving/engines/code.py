"""Packages of Python code for the tests, and the mark of tests that need a sandbox."""

import os
import textwrap
from pathlib import Path
from typing import Any

import pytest

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.sandbox import why_no_code
from tests.unit.capability_sdk.serving.packages import manifest, write_manifest

needs_sandbox = pytest.mark.skipif(
    why_no_code() is not None and os.environ.get("CI") != "true",
    reason=f"no sandbox for code here: {why_no_code()}",
)
"""Skips, loudly, where code cannot be confined; in CI the test runs and fails."""


def declare(**changes: Any) -> Manifest:  # noqa: ANN401 - members of a manifest, of any type
    """A manifest of Python code that takes and gives two numbers a row, at most 8 rows."""
    members = {"engine": "python", "max_batch_size": 8, "objectives": {"p99_ms": 200}}
    return manifest(**{**members, **changes})


def write(folder: Path, declared: Manifest, code: str) -> Path:
    """Write a package with this ``code/capability.py``."""
    write_manifest(folder, declared)
    (folder / "code").mkdir()
    (folder / "code" / "capability.py").write_text(textwrap.dedent(code))
    return folder
