"""M08: a center whose disk is full refuses telemetry, acknowledges nothing, and recovers."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.bad_disk.disks import fill, small_disk
from tests.integration.telemetry_world import running_center, usage


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    probe = subprocess.run(["id", "-u"], capture_output=True, text=True, check=True)
    if probe.stdout.strip() != "0":
        pytest.skip("mounting a small tmpfs needs root")
    with small_disk(tmp_path / "disk", "8m") as folder:
        yield folder


def test_M08_on_a_full_disk_nothing_is_acknowledged_that_is_not_stored(
    disk: Path, tmp_path: Path
) -> None:
    with running_center(f"sqlite:///{disk / 'center.db'}", tmp_path) as center:
        assert center.send([usage(seq) for seq in range(1, 401)]).status_code == 200
        fill(disk / "filler")
        applied, refused = 400, None
        while refused is None:
            numbers = range(applied + 1, applied + 401)
            answer = center.send([usage(seq) for seq in numbers])
            if answer.status_code == 200:
                applied = answer.json()["applied_through"]
                fill(disk / "filler")
            else:
                refused = answer
            assert applied < 100_000

        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert center.calls() == applied
        (disk / "filler").unlink()
        numbers = range(applied + 1, applied + 401)
        again = center.send([usage(seq) for seq in numbers])
        assert again.json() == {"applied_through": applied + 400}
        assert center.calls() == applied + 400
