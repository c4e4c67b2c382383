from pathlib import Path

import pytest

from capability_sdk.contracts.errors import Conflict, InvalidInput
from capability_sdk.packaging import archive, builder, project
from capability_sdk.packaging.errors import PackageRefused
from tests.unit.capability_sdk.packaging import forge


def _break_names(folder: Path) -> set[str]:
    return {item.name for item in project.check_project(folder).breaks}


def test_the_same_project_gives_the_same_bytes(tmp_path: Path) -> None:
    first = builder.build(forge.project(tmp_path / "a"), tmp_path / "a.tar.gz")
    second = builder.build(forge.project(tmp_path / "b"), tmp_path / "b.tar.gz")

    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.digests == second.digests


def test_digests_tell_code_and_weights_apart(tmp_path: Path) -> None:
    one = builder.build(forge.project(tmp_path / "a"), tmp_path / "a.tar.gz").digests
    other_model = forge.model()
    other_model.doc_string = "trained again"
    changes = {"model/model.onnx": other_model.SerializeToString()}
    two = builder.build(forge.project(tmp_path / "b", **changes), tmp_path / "b.tar.gz").digests

    assert one.code == two.code
    assert one.weights != two.weights
    assert one.package != two.package


def test_only_what_belongs_into_a_package_is_packed(tmp_path: Path) -> None:
    strangers = {"train.py": b"1", ".git/config": b"1", "notes.ipynb": b"{}", "dist/x": b"1"}
    folder = forge.project(tmp_path / "a", **strangers)

    built = builder.build_package(folder)

    assert built.path == folder / "dist" / "twice-1.0.0.tar.gz"
    assert {item.path for item in archive.read(built.path).files} == set(forge.files())


@pytest.mark.parametrize(
    ("path", "content", "broken"),
    [
        ("model/model.pkl", b"\x80\x04", "path"),
        ("README.md", None, "files"),
        ("capability.toml", b"name = ", "manifest"),
        ("model/model.onnx", b"\x80\x04", "content"),
        ("model/model.onnx", b"\x08\x08junk", "model"),
        ("model/model.onnx", forge.model(name="z").SerializeToString(), "model"),
        ("model/model.onnx", forge.model(external="w").SerializeToString(), "content"),
        ("samples/one.json", None, "samples"),
        ("samples/one.json", b"{}", "samples"),
        ("samples/two.json", b'{"request": {"inputs": []}, "expected": {}}', "samples"),
        ("reference/profile.json", b"{}", "reference"),
    ],
)
def test_a_break_is_named_and_nothing_is_built(
    path: str, content: bytes | None, broken: str, tmp_path: Path
) -> None:
    folder = forge.project(tmp_path / "a", **{path: content})

    report = project.check_project(folder)

    assert broken in _break_names(folder)
    assert all(item.cure for item in report.breaks)
    with pytest.raises(PackageRefused):
        builder.build(folder, tmp_path / "a.tar.gz")
    assert not (tmp_path / "a.tar.gz").exists()


def test_a_link_in_a_project_is_refused(tmp_path: Path) -> None:
    folder = forge.project(tmp_path / "a", **{"README.md": None})
    (folder / "README.md").symlink_to("/etc/passwd")

    assert "type" in _break_names(folder)


def test_a_good_project_passes(tmp_path: Path) -> None:
    assert project.check_project(forge.project(tmp_path / "a")).passed


def test_a_new_project_lacks_its_model_alone(tmp_path: Path) -> None:
    project.init_project(tmp_path / "new", "my-capability")

    report = project.check_project(tmp_path / "new")

    assert report.manifest is not None
    assert report.manifest.name == "my-capability"
    assert any("onnx" in item.detail for item in report.breaks)


def test_a_new_project_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")

    with pytest.raises(Conflict):
        project.init_project(tmp_path, "my-capability")

    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


@pytest.mark.parametrize(("name", "template"), [("Bad Name", "onnx"), ("good", "unheard-of")])
def test_a_project_needs_a_good_name_and_template(name: str, template: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        project.init_project(tmp_path / "new", name, template)

    assert not (tmp_path / "new").exists()
