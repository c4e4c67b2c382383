"""Centers that take telemetry, as several modules of tests need them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
