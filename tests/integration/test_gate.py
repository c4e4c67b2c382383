"""The publish gate on whole archives, in its sandbox, on instances as a province runs them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from capability_sdk.contracts.packages import Check, GateReport, Section
from capability_sdk.contracts.passport import Passport
from capability_sdk.gate.plan import BRIEF
from capability_sdk.gate.proving import prove, prove_archive
from tests.integration import gate_variants as variants
from tests.unit.capability_sdk.packaging import forge
from tests.unit.capability_sdk.serving.engines.code import needs_sandbox

MODEL = "model/model.onnx"


def _prove(folder: Path, **changes: bytes | None) -> GateReport:
    upload = folder / "upload.tar.gz"
    upload.write_bytes(forge.packed(content=forge.files(**changes)))
    return prove_archive(upload, plan=BRIEF)


def _failed(report: GateReport) -> set[str]:
    return {check.name for check in report.checks if not check.passed}


def _only_break(report: GateReport) -> Check:
    (check,) = [check for check in report.checks if not check.passed]
    assert check.cure
    return check


def test_a_good_package_passes_every_check_of_the_sandbox(tmp_path: Path) -> None:
    told: list[str] = []

    report = prove(forge.project(tmp_path / "p"), told.append, plan=BRIEF)

    assert report.passed, report.checks
    online = {Section.LOAD, Section.INTEGRATION}
    assert {check.section for check in report.checks} == set(Section) - online
    growth = next(check for check in report.checks if check.name == "memory-growth")
    assert growth.series[0].x[-1] == growth.figures[0].value > 100
    assert "watching memory under load" in told
    _assert_complete(Passport.model_validate(report.passport))


def _assert_complete(passport: Passport) -> None:
    measured = {(point.rows, point.threads) for point in passport.batches}
    assert measured == {(rows, threads) for rows in (1, 2, 4, 8, 16, 32, 64) for threads in (1, 2)}
    # A model that only multiplies gains by every row; the last doubling gives about a tenth.
    assert passport.best_batch in {32, 64}
    assert passport.node_score > 0
    assert 0 < passport.load_seconds < passport.start_seconds
    assert 0 < passport.memory_bytes < passport.resident_bytes <= passport.peak_bytes
    assert [point.rows for point in passport.requests] == [1, 4, 16]


def test_a_wrong_answer_is_named(tmp_path: Path) -> None:
    sample = json.dumps({**forge.SAMPLE, "expected": {"y": [[2.0, 4.5]]}})

    wrong = _only_break(_prove(tmp_path, **{"samples/two.json": sample.encode()}))

    assert (wrong.name, wrong.section) == ("functional", Section.FUNCTIONAL)
    assert wrong.detail == "two.json: y[1] is 4.0, expected 4.5"
    assert "Correct the sample" in wrong.cure


def test_a_random_model_is_not_deterministic(tmp_path: Path) -> None:
    report = _prove(tmp_path, **{MODEL: variants.noise()})

    assert {"functional", "determinism"} == _failed(report)
    (chance,) = [check for check in report.checks if check.name == "determinism"]
    assert "another answer" in chance.detail
    assert "random" in chance.cure


def test_a_model_whose_rows_change_each_other_is_not_deterministic(tmp_path: Path) -> None:
    alone = json.dumps({**forge.SAMPLE, "expected": {"y": [[1.0, 2.0]]}})
    other = json.loads(alone)
    other["request"]["inputs"][0]["data"] = [5.0, 7.0]
    other["expected"] = {"y": [[5.0, 7.0]]}
    samples = {"samples/one.json": alone.encode(), "samples/two.json": json.dumps(other).encode()}

    wrong = _only_break(_prove(tmp_path, **{MODEL: variants.centred()}, **samples))

    assert wrong.name == "determinism"
    assert "rows beside it" in wrong.detail


def test_a_model_that_leaves_its_contract_for_some_values_is_found(tmp_path: Path) -> None:
    wrong = _only_break(_prove(tmp_path, **{MODEL: variants.dropping_rows()}))

    assert (wrong.name, wrong.section) == ("contract", Section.CONTRACT)
    assert wrong.detail.startswith("zeros and empty texts: 500")


def test_a_model_with_other_tensors_does_not_load(tmp_path: Path) -> None:
    other = forge.model(name="z").SerializeToString()

    wrong = _only_break(_prove(tmp_path, **{MODEL: other}))

    assert wrong.name == "model"
    assert "no input x" in wrong.detail


@needs_sandbox
def test_code_that_remembers_is_not_stateless(tmp_path: Path) -> None:
    changes = variants.with_code(variants.FORGETTING_NOTHING)

    wrong = _only_break(_prove(tmp_path, **changes))

    assert (wrong.name, wrong.section) == ("statelessness", Section.STATELESSNESS)
    assert "it remembers" in wrong.detail
    assert "Keep nothing between requests" in wrong.cure


@needs_sandbox
def test_code_that_leaks_memory_and_files_is_found(tmp_path: Path) -> None:
    report = _prove(tmp_path, **variants.with_code(variants.LEAKING_AND_LITTERING))

    wrong = {check.name: check for check in report.checks if not check.passed}
    # On a fast machine it may also eat all that it may have before it is measured to the end.
    leak, litter = wrong["memory-growth"], wrong["residue"]
    assert leak.section is Section.MEMORY_GROWTH
    assert "bytes with every call" in leak.detail
    assert "references kept on self" in leak.cure
    assert "left-1" in litter.detail


@needs_sandbox
def test_code_that_is_slow_to_load_fails_its_cold_start(tmp_path: Path) -> None:
    folder = forge.project(tmp_path / "p", **variants.with_code(variants.SLOW_TO_LOAD))

    wrong = _only_break(prove(folder, plan=replace(BRIEF, start_seconds=3.0)))

    assert (wrong.name, wrong.section) == ("cold-start", Section.COLD_START)
    assert "not ready within 3 seconds" in wrong.detail


def test_a_model_that_stops_to_answer_is_ended_in_time(tmp_path: Path) -> None:
    folder = forge.project(tmp_path / "p", **{MODEL: variants.endless_for_large_values()})

    report = prove(folder, plan=replace(BRIEF, whole_seconds=4.0))

    assert _failed(report) == {"contract", "time"}
    assert report.seconds < 60


def test_a_model_that_eats_memory_fails(tmp_path: Path) -> None:
    folder = forge.project(tmp_path / "p", **{MODEL: variants.glutton()})

    report = prove(folder, plan=replace(BRIEF, memory_bytes=256 << 20))

    assert not report.passed


def test_a_model_slower_than_its_objective_is_found(tmp_path: Path) -> None:
    manifest = f"{forge.MANIFEST}[objectives]\np99_ms = 0.0001\n"

    wrong = _only_break(_prove(tmp_path, **{"capability.toml": manifest.encode()}))

    assert (wrong.name, wrong.section) == ("resources", Section.RESOURCES)
    assert "the objective for the whole call is 0.0001" in wrong.detail
    assert "capability.toml" in wrong.cure


def test_a_broken_archive_gets_a_report_too(tmp_path: Path) -> None:
    report = _prove(tmp_path, **{"README.md": None})

    assert not report.passed
    assert _failed(report) == {"files"}


def test_an_author_sees_the_same_report_before_the_upload(tmp_path: Path) -> None:
    manifest = f"{forge.MANIFEST}[resources]\nmemory_mib = 8\n".encode()
    project = forge.project(tmp_path / "p", **{"capability.toml": manifest})
    page = tmp_path / "report.html"
    command = [
        sys.executable,
        "-m",
        "capability_sdk.cli",
        "gate",
        str(project),
        "--brief",
        "--json",
    ]

    done = subprocess.run([*command, "--html", str(page)], capture_output=True, check=False)

    assert done.returncode == 1, done.stderr
    wrong = _only_break(GateReport.model_validate_json(done.stdout))
    assert (wrong.name, wrong.section) == ("resources", Section.RESOURCES)
    assert wrong.detail in page.read_text()
    assert b"starting the first instance" in done.stderr
