"""Centers that take telemetry, and schedulers, as several modules of tests need them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.scheduler_world import Launch, SchedulerProcess
from tests.integration.telemetry_world import Center, running_center


@pytest.fixture
def center(database_url: str, tmp_path: Path) -> Iterator[Center]:
    """One with two provinces and a capability, on each engine in turn."""
    with running_center(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def sqlite_center(tmp_path: Path) -> Iterator[Center]:
    """The same on SQLite alone, for what does not touch an engine's own ways."""
    with running_center(f"sqlite:///{tmp_path / 'center.db'}", tmp_path) as running:
        yield running


@pytest.fixture
def province() -> Iterator[Path]:
    """A folder with a path short enough for Unix sockets."""
    with tempfile.TemporaryDirectory(prefix="jz-") as folder:
        yield Path(folder)


@pytest.fixture
def launch(province: Path) -> Iterator[Launch]:
    """Start schedulers in the province's folder; whatever still runs afterwards is stopped."""
    launched: list[SchedulerProcess] = []

    def launch_one(**settings: str) -> SchedulerProcess:
        launched.append(SchedulerProcess(province, **settings))
        return launched[-1].start()

    yield launch_one
    for process in launched:
        process.stop()
