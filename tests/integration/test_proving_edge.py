"""The online part of the publish gate: a real center, a real worker, and a real proving edge."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from capability_sdk.client import CenterClient
from capability_sdk.contracts.packages import Check, GateReport
from capability_sdk.kit.clock import system_clock
from capability_sdk.packaging.signing import sign
from capability_sdk.sandbox import has_sandbox
from center.adapters.folder_packages import FolderPackageStore
from center.capability.gate import run_pending
from center.capability.rows import CapabilityVersionRow
from center.database import Database
from center.instance.draft_store import DraftRow
from center.jobs import JobLeaseRow
from center.proving.proof import OnlineProof
from center.settings import CenterSettings
from edge_gateway.agent.enrolment import Enrolment, enrol
from tests.center_process import (
    PASSED,
    PASSWORD,
    CenterProcess,
    make_signing_key,
    running_center_process,
)
from tests.center_store_world import pack
from tests.e2e.harness import Person
from tests.servers.process import accepts, free_port, refuse_or_skip, running
from tests.unit.capability_sdk.serving.packages import (
    identity_model,
    manifest,
    write_package,
)
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(400)
PROVEN = ["proving-cold-start", "integration", "proving-statelessness", "load", "metering"]


@dataclass
class Beside:
    """A center with a proving edge beside it, and an engineer who publishes."""

    center: CenterProcess
    author: CenterClient
    key: Path
    folder: Path
    edge: Path

    def upload(self, version: str, **changes: Any) -> str:  # noqa: ANN401 - members of a manifest
        """Upload a capability that answers what it is asked; returns the version's path."""
        wrong, code = changes.pop("expects", None), changes.pop("code", None)
        declared = manifest(
            name="echo", version=version, outputs=[_TENSOR | {"name": "o_x"}], **changes
        )
        project = write_package(
            self.folder / version, declared, identity_model(declared), {"x": _ROWS, "o_x": _ROWS}
        )
        (project / "README.md").write_text("# Echo\n")
        if code is not None:
            shutil.rmtree(project / "model")
            (project / "code").mkdir()
            (project / "code" / "capability.py").write_text(code)
        (project / "samples").mkdir()
        for number in (1.0, 2.0):
            values = [number, 0.5]
            tensor = {**_TENSOR, "name": "x", "shape": [1, 2], "data": values}
            sample = {"request": {"inputs": [tensor]}, "expected": {"o_x": wrong or values}}
            (project / "samples" / f"{number:.0f}.json").write_text(json.dumps(sample))
        # Packed by hand: the SDK builds nothing whose samples are wrong.
        sign(project, self.key)
        archive = self.folder / f"{version}.tar.gz"
        archive.write_bytes(pack(project))
        view = self.author.upload_package(archive)
        return f"/capabilities/echo/versions/{view['version']}"

    def gate(self, path: str, **settings: Any) -> GateReport:  # noqa: ANN401 - any setting
        """Gate what waits, with a sandbox part that has passed; returns the report."""
        chosen = CenterSettings(data=self.center.data, proving_required=True, **settings)
        database = Database(chosen.sqlalchemy_url)
        store = FolderPackageStore(self.center.data / "packages")
        online = OnlineProof(database, chosen, system_clock)
        try:
            assert run_pending(
                database, store, lambda _, __: PASSED, online.prove, clock=system_clock
            )
        finally:
            database.close()
        return GateReport.model_validate(self.author.get(f"{path}/gate-report"))

    def open_drafts(self) -> int:
        with self._session() as session:
            open_ones = select(DraftRow.id).where(DraftRow.ended_at.is_(None))
            return len(session.scalars(open_ones).all())

    def end_leases(self) -> None:
        """Turn the end of what a worker holds to now: by itself it takes a minute."""
        now = system_clock()
        with self._session() as session:
            session.execute(update(JobLeaseRow).values(expires_at=now))
            session.execute(update(CapabilityVersionRow).values(gate_until=now))

    @contextmanager
    def _session(self) -> Iterator[Session]:
        database = Database(CenterSettings(data=self.center.data).sqlalchemy_url)
        try:
            with database.session() as session:
                yield session
        finally:
            database.close()

    def instances(self) -> int:
        """Count the processes that run drafts on the edge."""
        return sum((folder / "http.sock").exists() for folder in self.edge.glob("instances/*"))


_COUNTER = """
class Capability:
    def load(self, context):
        self.calls = 0

    def infer(self, inputs, context):
        self.calls += 1
        return {"o_x": inputs["x"] + (self.calls > 30)}
"""
"""Echoes what it is asked, until it was asked often enough."""

_TENSOR: dict[str, Any] = {"datatype": "FP32", "shape": [2]}
_ROWS = np.array([[number, 0.5] for number in range(100)], np.float32)


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CenterProcess]:
    with running_center_process(tmp_path_factory.mktemp("proving") / "center") as center:
        yield center


@pytest.fixture(scope="module")
def edge(center: CenterProcess) -> Iterator[Path]:
    """The folder of a proving edge that is enrolled, and does not run."""
    titles = {"zh": "验证", "en": "Proving"}
    center.admin.post("/provinces", {"name": "proving", "titles": titles, "kind": "proving"})
    code = center.admin.post("/provinces/proving/enrolment-codes")["code"]
    # A Unix socket's path has at most 107 characters, and pytest's folders have long names.
    with tempfile.TemporaryDirectory(prefix="jz") as name:
        folder = Path(name) / "p"
        enrol(Enrolment(center.url, code, folder, free_port(), free_port()))
        yield folder


@contextmanager
def running_edge(folder: Path) -> Iterator[None]:
    port = json.loads((folder / "edge.json").read_text())["gateway_port"]
    with running(
        [sys.executable, "-m", "capability_sdk.cli", "edge", "run", "--data", str(folder)],
        log=folder / "logs" / "run.log",
        is_ready=lambda: accepts(port),
    ):
        yield


@pytest.fixture(scope="module")
def silent(center: CenterProcess, edge: Path) -> Iterator[Beside]:
    """The platform while its proving edge does not run."""
    author = center.join("author", "engineer")
    folder = center.data.parent
    key = make_signing_key(author, folder / "author.pem")
    yield Beside(center, author, key, folder, edge)
    author.close()


@pytest.fixture(scope="module")
def beside(silent: Beside) -> Iterator[Beside]:
    with running_edge(silent.edge):
        yield silent


def failed(report: GateReport) -> list[Check]:
    return [check for check in report.checks if not check.passed]


def test_while_the_proving_edge_is_silent_nothing_passes(silent: Beside) -> None:
    report = silent.gate(silent.upload("0.1.0"), proving_patience=timedelta(seconds=2))

    (check,) = failed(report)
    assert check.name == "proving-edge"
    assert "did not take the draft within 2 s" in check.detail
    assert "admin" in check.cure
    assert silent.open_drafts() == 0


def test_a_good_version_is_proven_through_the_gateway_and_leaves_nothing(beside: Beside) -> None:
    report = beside.gate(beside.upload("1.0.0"))

    assert [check.name for check in report.checks] == PROVEN, failed(report)
    assert report.passed
    figures = {f.name: f.value for check in report.checks for f in check.figures}
    assert figures["calls_counted"] == figures["calls_made"] > 200
    assert beside.open_drafts() == 0
    eventually(lambda: beside.instances() == 0)


def test_its_author_tries_it_from_the_command_line(beside: Beside) -> None:
    author = Person(beside.folder / "home")
    author.does(
        *("login", "--center", beside.center.url, "--name", "author", "--password-file", "-"),
        stdin=PASSWORD,
    )

    sample = beside.folder / "1.0.0" / "samples" / "1.json"
    answer = author.reads("try", "echo", "1.0.0", "--sample", str(sample))

    assert answer["outputs"][0]["data"] == [1.0, 0.5]
    assert answer["version"] == "1.0.0"
    assert answer["latency_ms"] > 0
    assert beside.open_drafts() == 0


def test_a_version_whose_samples_are_wrong_at_the_gateway_is_refused(beside: Beside) -> None:
    report = beside.gate(beside.upload("1.1.0", expects=[3.0, 4.0]))

    (check,) = failed(report)
    assert check.name == "integration"
    assert "o_x[0] is 1.0, expected 3.0" in check.detail
    assert "load" not in [each.name for each in report.checks]


def test_a_version_too_slow_for_its_own_objective_is_refused(beside: Beside) -> None:
    objectives = {"p99_ms": 0.01, "rate_per_second": 40}

    report = beside.gate(beside.upload("1.2.0", objectives=objectives))

    (check,) = failed(report)
    assert check.name == "load"
    assert "objective 0.01" in check.detail
    assert "rate_per_second" in check.cure
    assert [len(series.x) for series in check.series] == [3, 3]


def test_a_version_that_remembers_its_callers_is_refused(beside: Beside) -> None:
    if not has_sandbox():
        refuse_or_skip("bubblewrap", "make servers")
    path = beside.upload("1.4.0", code=_COUNTER, engine="python", algorithm_family="rule")

    report = beside.gate(path)

    (check,) = failed(report)
    assert check.name == "proving-statelessness", check
    assert "another answer" in check.detail


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_gate_is_done_again(
    beside: Beside,
) -> None:
    path = beside.upload("1.3.0")
    worker = _worker(beside)
    eventually(lambda: beside.open_drafts() == 1, 120)
    worker.kill()
    worker.wait()
    assert beside.author.get(path)["stage"] == "gating"

    beside.end_leases()
    worker = _worker(beside)
    try:
        eventually(lambda: beside.author.get(path)["stage"] != "gating", 240, pause=0.5)
    finally:
        worker.terminate()
        worker.wait(60)

    report = GateReport.model_validate(beside.author.get(f"{path}/gate-report"))
    assert report.passed, failed(report)
    assert set(PROVEN) <= {check.name for check in report.checks}
    assert beside.open_drafts() == 0
    eventually(lambda: beside.instances() == 0)


def _worker(beside: Beside) -> "subprocess.Popen[bytes]":
    with (beside.folder / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "center.worker"],
            stdout=log,
            stderr=log,
            env={**os.environ, "CENTER_DATA": str(beside.center.data)},
        )
