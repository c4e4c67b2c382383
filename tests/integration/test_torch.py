"""PyTorch models become packages; by hand, in the environment of ``make test-torch``."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from capability_sdk.cli.app import build_app
from capability_sdk.contracts.manifest import AlgorithmFamily
from capability_sdk.conversion import ConversionFailed, package
from capability_sdk.packaging.checks import check_folder
from tests.unit.capability_sdk.conversion.serving import wrong_samples

torch: Any = pytest.importorskip("torch", reason="PyTorch is tested by make test-torch")
# Importing torch alone takes half a minute of a busy machine, and the template does it four times.
pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]


def network() -> Any:  # noqa: ANN401 - torch is not always there
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2), torch.nn.Softmax(dim=1)
    )


def rows(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def test_the_template_runs_from_init_to_a_call(tmp_path: Path) -> None:
    folder = tmp_path / "first-torch"
    arguments = ["init", str(folder), "--template", "torch"]
    assert CliRunner().invoke(build_app(arguments), arguments).exit_code == 0

    subprocess.run(
        [sys.executable, "train.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )

    assert check_folder(folder).passed
    assert wrong_samples(folder, tmp_path / "journal") == {}
    arguments = ["reproduce", str(folder)]
    done = CliRunner().invoke(build_app(arguments), arguments)
    assert done.exit_code == 0, done.output


def test_a_module_keeps_its_answers(tmp_path: Path) -> None:
    made = package(network(), training=rows(500, 6), folder=tmp_path / "net")

    assert made.manifest.algorithm_family is AlgorithmFamily.MLP
    assert made.parity is not None
    assert made.parity.outputs[0].greatest < 1e-5
    assert wrong_samples(made.folder, tmp_path / "journal") == {}
    assert str(ROOT).encode() not in (made.folder / "model/model.onnx").read_bytes()


def test_an_exported_program_keeps_its_answers(tmp_path: Path) -> None:
    dynamic = ({0: torch.export.Dim("rows")},)
    program = torch.export.export(
        network(), (torch.from_numpy(rows(4, 6)),), dynamic_shapes=dynamic
    )

    made = package(program, training=rows(500, 6), folder=tmp_path / "net")

    assert made.parity is not None
    assert made.parity.outputs[0].greatest < 1e-5
    assert wrong_samples(made.folder, tmp_path / "journal") == {}


def test_a_convolution_over_curves_is_told_as_such(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Conv1d(2, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(40, 1)
    )

    made = package(model, training={"curves": rows(200, 2, 12)}, folder=tmp_path / "curves")

    assert made.manifest.algorithm_family is AlgorithmFamily.CNN
    assert made.manifest.inputs[0].shape == [2, 12]
    assert wrong_samples(made.folder, tmp_path / "journal") == {}


def test_a_model_that_branches_on_values_is_refused_with_the_cure(tmp_path: Path) -> None:
    class Branching(torch.nn.Module):  # type: ignore[misc]  # torch is not always there
        def forward(self, x: Any) -> Any:  # noqa: ANN401 - as above
            return x * 2 if float(x.sum()) > 0 else x

    with pytest.raises(ConversionFailed, match="no branches on values"):
        package(Branching(), training=rows(50, 6), folder=tmp_path / "net")
