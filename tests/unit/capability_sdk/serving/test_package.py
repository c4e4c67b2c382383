"""A package that is not what the release says, or does not fit together, is not served."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from capability_sdk.packaging.digests import digests_of
from capability_sdk.serving.__main__ import main
from capability_sdk.serving.errors import UnusablePackage
from capability_sdk.serving.package import load_package
from tests.unit.capability_sdk.serving.harness import load
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package

ZERO = "sha256:" + "0" * 64


def copy_of(package: Path, to: Path) -> Path:
    return Path(shutil.copytree(package, to / "copy"))


def test_changed_weights_are_refused(digits_package: Path, tmp_path: Path) -> None:
    package = copy_of(digits_package, tmp_path)
    digests = digests_of(package)
    with (package / "model" / "model.onnx").open("ab") as file:
        file.write(b"\0")

    with pytest.raises(UnusablePackage, match=r"weights digest is sha256:.*expected"):
        load_package(package, digests.code, digests.weights, 1)


def test_added_code_is_refused(digits_package: Path, tmp_path: Path) -> None:
    package = copy_of(digits_package, tmp_path)
    digests = digests_of(package)
    (package / "code").mkdir()
    (package / "code" / "capability.py").write_text("print('never')")

    with pytest.raises(UnusablePackage, match="code digest"):
        load_package(package, digests.code, digests.weights, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": [{"name": "z", "datatype": "FP32", "shape": [2]}]}, "no input z"),
        ({"inputs": [{"name": "x", "datatype": "FP64", "shape": [2]}]}, "FP64 in the manifest"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [3]}]}, r"shape .* \[-1, 3\]"),
        ({"outputs": [{"name": "z", "datatype": "FP32", "shape": [2]}]}, "no output z"),
        ({"outputs": [{"name": "y", "datatype": "INT64", "shape": [2]}]}, "INT64 in the manifest"),
        ({"engine": "triton"}, "does not execute triton"),
    ],
)
def test_a_manifest_that_the_model_contradicts_is_refused(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    package = write_package(tmp_path / "package", manifest(**changes), identity_model(manifest()))

    with pytest.raises(UnusablePackage, match=words):
        load(package)


def test_a_model_that_is_none_is_refused(digits_package: Path, tmp_path: Path) -> None:
    package = copy_of(digits_package, tmp_path)
    (package / "model" / "model.onnx").write_bytes(b"not a model")

    with pytest.raises(UnusablePackage, match=r"model\.onnx cannot be loaded"):
        load(package)


def test_a_reference_with_a_sensitive_tensor_is_refused(tmp_path: Path) -> None:
    open_manifest = manifest()
    values = np.zeros((30, 2), dtype=np.float32)
    package = write_package(
        tmp_path / "package", open_manifest, identity_model(open_manifest), {"x": values}
    )
    text = (package / "capability.toml").read_text()
    (package / "capability.toml").write_text(
        text.replace("sensitive = false", "sensitive = true", 1)
    )

    with pytest.raises(UnusablePackage, match=r"column x\[0\]"):
        load(package)


def test_the_process_ends_with_3_when_the_digests_differ(
    digits_package: Path, tmp_path: Path
) -> None:
    arguments = ["--package", str(digits_package), "--socket", str(tmp_path / "s")]
    arguments += ["--journal", str(tmp_path / "j"), "--instance", "i-1"]
    arguments += ["--code-digest", ZERO, "--weights-digest", ZERO]

    assert main(arguments) == 3
    assert not (tmp_path / "s").exists()
    assert not (tmp_path / "j").exists()


def test_the_process_ends_with_2_when_an_argument_is_wrong(tmp_path: Path) -> None:
    assert main(["--package", str(tmp_path), "--code-digest", "md5:1"]) == 2
