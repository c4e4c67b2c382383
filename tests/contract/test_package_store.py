"""What every package store promises; each adapter passes this suite."""

import hashlib
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from center.adapters.folder_packages import FolderPackageStore
from center.capability.errors import PackageDamaged
from center.capability.ports import PackageStore

CONTENT = b"an archive"
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture(params=["folder"])
def packages(request: pytest.FixtureRequest, tmp_path: Path) -> PackageStore:
    assert request.param == "folder"
    return FolderPackageStore(tmp_path / "packages")


def _draft(packages: PackageStore, name: str = "draft") -> Path:
    path = packages.drafts / name
    path.write_bytes(CONTENT)
    return path


def test_a_published_archive_is_read_back_and_its_draft_is_gone(packages: PackageStore) -> None:
    draft = _draft(packages)

    packages.publish(draft, DIGEST)

    assert packages.local_copy(DIGEST).read_bytes() == CONTENT
    assert not draft.exists()


def test_publishing_the_same_content_again_is_fine_also_at_once(packages: PackageStore) -> None:
    drafts = [_draft(packages, f"draft-{number}") for number in range(8)]
    start = threading.Barrier(8)

    def publish(draft: Path) -> None:
        start.wait()
        packages.publish(draft, DIGEST)

    threads = [threading.Thread(target=publish, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert packages.local_copy(DIGEST).read_bytes() == CONTENT
    assert list(packages.drafts.iterdir()) == []


def test_what_is_missing_or_was_changed_is_not_delivered(packages: PackageStore) -> None:
    with pytest.raises(PackageDamaged):
        packages.local_copy(DIGEST)
    packages.publish(_draft(packages), DIGEST)

    packages.local_copy(DIGEST).write_bytes(b"something else")

    with pytest.raises(PackageDamaged):
        packages.local_copy(DIGEST)


@pytest.mark.parametrize("digest", ["sha256:../../etc/passwd", "", "sha256:abc", "/" * 64])
def test_what_is_no_digest_leads_nowhere(packages: PackageStore, digest: str) -> None:
    with pytest.raises(PackageDamaged):
        packages.local_copy(digest)


def test_a_removed_archive_is_gone_and_removing_again_is_fine(packages: PackageStore) -> None:
    packages.publish(_draft(packages), DIGEST)

    packages.remove(DIGEST)
    packages.remove(DIGEST)

    with pytest.raises(PackageDamaged):
        packages.local_copy(DIGEST)


def test_publishing_again_renews_the_age_of_an_orphan(packages: PackageStore) -> None:
    packages.publish(_draft(packages), DIGEST)
    os.utime(packages.local_copy(DIGEST), (0, 0))
    assert list(packages.published_before(timedelta(hours=1))) == [DIGEST]

    packages.publish(_draft(packages), DIGEST)

    assert list(packages.published_before(timedelta(hours=1))) == []


def test_drafts_that_a_killed_process_left_are_cleared_at_the_next_start(tmp_path: Path) -> None:
    packages = FolderPackageStore(tmp_path / "packages")
    old, young = _draft(packages, "old"), _draft(packages, "young")
    unpacked = packages.drafts / "old.unpacked"
    (unpacked / "model").mkdir(parents=True)
    for path in (old, unpacked):
        os.utime(path, (0, 0))

    FolderPackageStore(tmp_path / "packages")

    assert list(packages.drafts.iterdir()) == [young]
