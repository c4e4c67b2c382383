"""P01 to P05 and P08 of the catalogue: refused by name, before anything is written."""

import json
from pathlib import Path

import pytest

from capability_sdk.packaging import archive
from capability_sdk.packaging.digests import digests_of
from capability_sdk.packaging.errors import PackageRefused
from tests.unit.capability_sdk.packaging import forge
from tests.unit.capability_sdk.packaging.corpus import CORPUS


@pytest.mark.parametrize("case", CORPUS)
def test_a_hostile_archive_is_refused_and_leaves_nothing_behind(case: str, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(CORPUS[case]())

    with pytest.raises(PackageRefused) as refusal:
        archive.unpack(upload, tmp_path / "unpacked")

    assert refusal.value.status == 422
    named = refusal.value.members["breaks"]
    assert isinstance(named, list)
    assert all(item["detail"] and item["cure"] for item in named)
    # What lies in code/ is refused here for its own sake, not only because the engine has no code.
    about_whole = case.startswith(("P08", "P05-code-of-a-data-engine"))
    assert about_whole or any(item["name"] != "files" for item in named)
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


def test_a_good_archive_arrives_with_the_digests_that_it_had(tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(forge.packed())

    read = archive.read(upload)
    content = archive.unpack(upload, tmp_path / "unpacked")

    assert read == content
    assert content.manifest.name == "twice"
    assert digests_of(tmp_path / "unpacked") == content.digests
    assert {item.path for item in content.files} == set(forge.files())


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    upload, folder = tmp_path / "upload", tmp_path / "unpacked"
    upload.write_bytes(forge.packed())
    folder.mkdir()

    with pytest.raises(FileExistsError):
        archive.unpack(upload, folder)

    assert list(folder.iterdir()) == []


def test_every_break_is_named_at_once(tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    bad = [forge.entry("../up.json"), forge.entry("model/m.pkl"), forge.entry("setup.py")]
    upload.write_bytes(forge.packed(*bad, content=forge.files(**{"README.md": None})))

    with pytest.raises(PackageRefused) as refusal:
        archive.read(upload)

    assert len(refusal.value.breaks) == 4


def test_an_input_that_is_called_location_is_no_external_data(tmp_path: Path) -> None:
    manifest = forge.MANIFEST.replace('name = "x"', 'name = "location"')
    sample = json.dumps(forge.SAMPLE).replace('"x"', '"location"')
    upload = tmp_path / "upload"
    changes = {
        "capability.toml": manifest.encode(),
        "model/model.onnx": forge.model(name="location").SerializeToString(),
        "samples/one.json": sample.encode(),
    }
    upload.write_bytes(forge.packed(content=forge.files(**changes)))

    assert archive.read(upload).manifest.inputs[0].name == "location"
