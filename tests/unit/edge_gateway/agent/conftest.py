"""A province's folder with an intake that reads it, at a moment that the test chooses."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from capability_sdk.archive.sql import SqlArchive
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.profiles import CategoricalAnchors, ColumnAnchors, NumericAnchors
from capability_sdk.contracts.state import DesiredState
from capability_sdk.spool import Record, SpoolReader, SpoolWriter
from edge_gateway.agent.database import AgentDatabase, CounterRow
from edge_gateway.agent.declared import Declared
from edge_gateway.agent.feedback import FeedbackJoin
from edge_gateway.agent.intake import Intake
from edge_gateway.agent.outbox import Outbox
from edge_gateway.agent.profiles import FlushRule, ProfileSums

HOUR = datetime(2026, 11, 21, 12, tzinfo=UTC)
COLUMNS: list[ColumnAnchors] = [
    NumericAnchors(column="age", edges=[0.0, 1.0, 2.0]),
    CategoricalAnchors(column="kind", levels=["a", "b"]),
]
ANCHORS = "sha256:" + "a" * 64


class Clock:
    """Stands where the test puts it."""

    def __init__(self) -> None:
        self.now = HOUR + timedelta(minutes=1)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AgentDatabase]:
    database = AgentDatabase(tmp_path / "agent.db")
    yield database
    database.close()


def manifest() -> Manifest:
    titles = {"zh": "测试", "en": "Test"}
    return Manifest.model_validate(
        {
            "name": "triage",
            "version": "1.0.0",
            "titles": titles,
            "summary": titles,
            "domain": "testing",
            "owner": "tests",
            "algorithm_family": "linear",
            "inputs": [{"name": "age", "datatype": "FP32"}],
            "outputs": [{"name": "class", "datatype": "BYTES"}],
            "quality": {"task": "classification", "output": "class", "labels": ["ill", "well"]},
        }
    )


@pytest.fixture
def declared(database: AgentDatabase) -> Declared:
    declared = Declared(database)
    declared.learn_version(manifest(), COLUMNS, ANCHORS)
    times = {"issued_at": HOUR.isoformat(), "expires_at": HOUR.isoformat()}
    application = {
        "client_id": "app-1", "name": "A", "organisation": "o", "active": True, "secret_hashes": []
    }  # fmt: skip
    subscription = {
        "id": "sub-1", "application": "app-1", "capability": "triage", "active": True,
        "daily_quota": 1, "rate_per_second": 1, "concurrency": 1,
    }  # fmt: skip
    state = {
        "province": "zhejiang", "edge": "edge-1", "epoch": 1, "revision": 1, "zone": "UTC",
        "token_keys": {"version": 1, "keys": []}, "complete": True, **times,
        "applications": [application, {**application, "client_id": "app-2"}],
        "subscriptions": [subscription],
    }  # fmt: skip
    declared.learn_state(DesiredState.model_validate(state))
    return declared


@dataclass
class Place:
    """A province's folder: tests write what gateway and instances would, and read what leaves."""

    folder: Path
    database: AgentDatabase
    intake: Intake

    def call(self, request_id: str, application: str = "app-1") -> None:
        record = {
            "request_id": request_id, "at": HOUR.isoformat(), "application": application,
            "subscription": "sub-1", "capability": "triage", "version": "1.0.0", "status": 200,
            "units": 1, "latency_us": 1, "request_bytes": 1, "response_bytes": 1,
        }  # fmt: skip
        self._write("spool/usage-0", record)

    def prediction(self, request_id: str, *values: str | int) -> None:
        about = {"capability": "triage", "version": "1.0.0", "at": HOUR.isoformat()}
        record = {"kind": "prediction", "request_id": request_id, "values": values, **about}
        self._write("instances/i-1/journal", record)

    def delta(self, rows: int, **changes: Any) -> None:  # noqa: ANN401 - members of a JSON document
        record = {
            "kind": "profile", "capability": "triage", "version": "1.0.0", "anchors": ANCHORS,
            "window": HOUR.isoformat(), "rows": rows,
            "counts": {"age": [0, 0, 0, 0, rows, 0], "kind": [0, 0, 0, rows, 0]}, **changes,
        }  # fmt: skip
        self._write("instances/i-1/journal", record)

    def truth(
        self, request_id: str, truth: str | int, row: int = 0, application: str = "app-1"
    ) -> None:
        record = {"at": HOUR.isoformat(), "application": application, "request_id": request_id}
        self._write("spool/feedback-0", {**record, "row": row, "truth": truth})

    def step(self) -> None:
        self.intake.step()
        self.intake.emit()

    def left(self, stream: str) -> list[dict[str, Any]]:
        """What stands in a stream that is shipped."""
        reader = SpoolReader(self.folder / "spool" / stream)
        records: list[Record] = []
        for epoch in reader.epochs():
            records += reader.read(epoch, 0, 1000)
        return [json.loads(record.payload) for record in records]

    def confusion(self) -> dict[tuple[int, int], int]:
        cells: dict[tuple[int, int], int] = {}
        for body in self.left("quality"):
            for cell in body["confusion"]:
                key = (cell["predicted"], cell["actual"])
                cells[key] = cells.get(key, 0) + cell["count"]
        return cells

    def counter(self, name: str) -> int:
        with self.database.transaction() as session:
            row = session.get(CounterRow, name)
            return row.count if row else 0

    def _write(self, folder: str, record: dict[str, Any]) -> None:
        with SpoolWriter(self.folder / folder) as spool:
            spool.append(json.dumps(record).encode())


@pytest.fixture
def place(
    tmp_path: Path, database: AgentDatabase, declared: Declared, clock: Clock
) -> Iterator[Place]:
    profile = Outbox(database, tmp_path / "spool" / "profile")
    quality = Outbox(database, tmp_path / "spool" / "quality")
    rule = FlushRule(age=timedelta(seconds=60), grace=timedelta(hours=1))
    profiles = ProfileSums(database, declared, profile, rule=rule, clock=clock)
    join = FeedbackJoin(
        database,
        SqlArchive(database.engine, clock=clock),
        declared,
        quality,
        retention=timedelta(days=7),
        clock=clock,
    )
    keep = timedelta(hours=1)
    yield Place(tmp_path, database, Intake(database, tmp_path, profiles, join, keep=keep))
    profile.close()
    quality.close()
