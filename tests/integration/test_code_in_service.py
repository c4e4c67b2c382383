"""Python code as the scheduler starts it: swapped by its weights, gone with its instance."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from capability_sdk.packaging.digests import digests_of
from tests.integration.serving_process import ROOT, running_instance, scaling_manifest
from tests.unit.capability_sdk.serving.engines import code
from tests.waiting import eventually

SCALING = """
    import json

    class Capability:
        def load(self, context):
            self.factor = json.loads((context.model / "factor.json").read_text())

        def infer(self, inputs, context):
            return {"y": inputs["x"] * self.factor}
"""


def scaling(folder: Path, version: str, factor: float) -> Path:
    package = code.write(folder, scaling_manifest(version, engine="python"), SCALING)
    (package / "model").mkdir()
    (package / "model" / "factor.json").write_text(json.dumps(factor))
    return package


def workers_of(package: Path) -> int:
    """Count the processes of workers that see the code of a package."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            count += str(package / "code").encode() in path.read_bytes()
        except OSError:
            continue
    return count


@code.needs_sandbox
def test_weights_alone_are_swapped_into_a_worker_of_their_own(tmp_path: Path) -> None:
    old = scaling(tmp_path / "old", "1.0.0", 2.0)
    new = scaling(tmp_path / "new", "1.1.0", 3.0)
    assert digests_of(old).code == digests_of(new).code

    with running_instance(old, tmp_path / "instance") as instance:
        assert instance.infer(5.0).json()["outputs"][0]["data"] == [10.0]
        assert instance.load(new, "1.1.0").status_code == 200
        assert instance.infer(5.0).json()["outputs"][0]["data"] == [15.0]
        assert instance.infer(5.0, "1.0.0").json()["outputs"][0]["data"] == [10.0]
        assert instance.unload("1.0.0").status_code == 200
        eventually(lambda: workers_of(old) == 0)
        assert workers_of(new) > 0


@code.needs_sandbox
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_W01_a_worker_ends_with_its_instance_however_that_ends(
    end: signal.Signals, tmp_path: Path
) -> None:
    package = scaling(tmp_path / "package", "1.0.0", 2.0)

    with running_instance(package, tmp_path / "instance") as instance:
        assert workers_of(package) > 0
        instance.process.send_signal(end)
        instance.process.wait(60)
        eventually(lambda: workers_of(package) == 0)


def test_a_host_without_bubblewrap_refuses_packages_with_code(tmp_path: Path) -> None:
    package = scaling(tmp_path / "package", "1.0.0", 2.0)
    digests = digests_of(package)
    command = [sys.executable, "-m", "capability_sdk.serving", "--package", str(package)]
    command += ["--socket", str(tmp_path / "s"), "--journal", str(tmp_path / "j")]
    command += ["--code-digest", digests.code, "--weights-digest", digests.weights]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": str(tmp_path)}

    done = subprocess.run(
        [*command, "--instance", "i-1"], env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip

    assert done.returncode == 3
    assert "Packages with code cannot run here: bubblewrap (bwrap) is not installed" in done.stderr
