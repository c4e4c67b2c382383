import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from capability_sdk.gate.plan import BRIEF
from capability_sdk.gate.proving import prove_archive
from capability_sdk.packaging.builder import build

_TRAINER = Path(__file__).parents[3] / "examples" / "digit_recognition" / "train.py"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("digits")
    done = subprocess.run(
        [sys.executable, str(_TRAINER), "--out", str(out), "--seed", "7"],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(_TRAINER.parents[2]), "PATH": "/usr/bin:/bin"},
    )
    return out, done.stdout


def test_training_says_how_good_it_is_and_what_noise_costs(trained: tuple[Path, str]) -> None:
    words = trained[1].replace(",", "").split()
    clean, noisy = float(words[words.index("accuracy") + 1]), float(words[-1])

    assert clean >= 0.97
    assert clean - noisy >= 0.1


def test_its_package_passes_the_gate(trained: tuple[Path, str], tmp_path: Path) -> None:
    built = build(trained[0] / "digit-recognition", tmp_path / "p.tar.gz")

    report = prove_archive(built.path, plan=BRIEF)

    assert report.passed, report.checks
    assert (trained[0] / "digit-recognition/reference/profile.json").exists()


def test_held_back_images_lie_outside_of_the_package(trained: tuple[Path, str]) -> None:
    content = json.loads((trained[0] / "held_back.json").read_text())

    assert np.asarray(content["images"]).shape == (540, 64)
    assert len(content["labels"]) == 540
    assert not (trained[0] / "digit-recognition" / "held_back.json").exists()
