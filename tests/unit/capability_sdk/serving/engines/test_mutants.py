"""Native models that lie: the libraries' own readers would take the process with them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[5]


def test_P08_a_native_model_with_spoilt_numbers_never_ends_the_process() -> None:
    command = [sys.executable, "-m", "tests.unit.capability_sdk.serving.engines.mutants", "7", "50"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert "unusable-package" in done.stdout
    assert "computed" in done.stdout
