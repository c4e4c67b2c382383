"""The gate lets through what the contracts allow, and nothing beside it."""

import base64
import json
from typing import Any

import pytest

from capability_sdk.contracts.telemetry import RecordKind
from capability_sdk.profiling.carrier import to_whylogs
from edge_gateway.agent.declared import Declared
from edge_gateway.agent.egress import DETAIL_CODES, EgressGate, detail_code
from edge_gateway.agent.errors import EgressRefused
from tests.unit.edge_gateway.agent.conftest import ANCHORS, COLUMNS, HOUR

PHONE = "13800138000"
USAGE: dict[str, Any] = {
    "request_id": "0" * 32, "at": HOUR.isoformat(), "application": "app-1",
    "subscription": "sub-1", "capability": "triage", "version": "1.0.0", "status": 200,
    "units": 1, "latency_us": 1, "request_bytes": 1, "response_bytes": 1,
}  # fmt: skip
COUNTS = {"age": [0, 0, 0, 0, 50, 0], "kind": [0, 0, 0, 50, 0]}
PROFILE: dict[str, Any] = {
    "capability": "triage", "version": "1.0.0", "window": HOUR.isoformat(), "rows": 50,
    "anchors": ANCHORS, "profile": base64.b64encode(to_whylogs(COUNTS, COLUMNS)).decode(),
}  # fmt: skip
QUALITY: dict[str, Any] = {
    "capability": "triage", "version": "1.0.0", "window": HOUR.isoformat(), "predictions": 1,
    "confusion": [{"predicted": 0, "actual": 2, "count": 1}],
}  # fmt: skip
RECORDS = {
    RecordKind.USAGE: USAGE,
    RecordKind.PROFILE: PROFILE,
    RecordKind.QUALITY: QUALITY,
}


def passed(declared: Declared, kind: RecordKind, record: dict[str, Any]) -> dict[str, Any]:
    return EgressGate(declared).body(kind, json.dumps(record).encode())


@pytest.mark.parametrize("kind", list(RECORDS))
def test_members_that_no_contract_knows_do_not_pass(declared: Declared, kind: RecordKind) -> None:
    plain = passed(declared, kind, RECORDS[kind])

    assert passed(declared, kind, {**RECORDS[kind], "note": PHONE}) == plain
    assert PHONE not in json.dumps(plain)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (RecordKind.USAGE, {"application": PHONE}),
        (RecordKind.USAGE, {"subscription": PHONE}),
        (RecordKind.USAGE, {"capability": f"c{PHONE}"}),
        (RecordKind.USAGE, {"request_id": PHONE}),
        (RecordKind.USAGE, {"version": "13800.138000.0"}),
        (RecordKind.USAGE, {"units": PHONE}),
        (RecordKind.USAGE, {"turned_away": 7}),
        (RecordKind.PROFILE, {"rows": 49}),
        (RecordKind.PROFILE, {"rows": 51}),
        (RecordKind.PROFILE, {"anchors": PHONE}),
        (RecordKind.PROFILE, {"capability": "other"}),
        (RecordKind.PROFILE, {"version": "2.0.0"}),
        (RecordKind.PROFILE, {"window": "2026-11-21T12:00:07Z"}),
        (RecordKind.PROFILE, {"profile": "not base64!"}),
        (RecordKind.PROFILE, {"profile": base64.b64encode(PHONE.encode()).decode()}),
        (RecordKind.QUALITY, {"version": "2.0.0"}),
        (RecordKind.QUALITY, {"window": "2026-11-21T12:34:56Z"}),
        (RecordKind.QUALITY, {"confusion": [{"predicted": 3, "actual": 0, "count": 1}]}),
    ],
)
def test_what_is_not_declared_is_refused_without_being_quoted(
    declared: Declared, kind: RecordKind, change: dict[str, Any]
) -> None:
    with pytest.raises(EgressRefused) as refusal:
        passed(declared, kind, {**RECORDS[kind], **change})

    assert PHONE not in str(refusal.value)


def test_a_profile_with_anything_appended_is_refused(declared: Declared) -> None:
    more = base64.b64encode(to_whylogs(COUNTS, COLUMNS) + PHONE.encode()).decode()

    with pytest.raises(EgressRefused):
        passed(declared, RecordKind.PROFILE, {**PROFILE, "profile": more})


def test_a_profile_of_other_columns_is_refused(declared: Declared) -> None:
    other = [COLUMNS[0]]
    profile = base64.b64encode(to_whylogs({"age": COUNTS["age"]}, other)).decode()

    with pytest.raises(EgressRefused):
        passed(declared, RecordKind.PROFILE, {**PROFILE, "profile": profile})


def test_a_trial_passes_with_ids_that_the_center_makes_alone(declared: Declared) -> None:
    ids = {"application": f"person-{'0' * 24}", "subscription": f"trial-{'0' * 20}"}
    trial = {**USAGE, **ids, "trial": True, "units": 0}

    assert passed(declared, RecordKind.USAGE, trial)["trial"] is True
    for change in ({"application": PHONE}, {"subscription": PHONE}, {"units": 1}, {"trial": False}):
        with pytest.raises(EgressRefused):
            passed(declared, RecordKind.USAGE, {**trial, **change})


def test_calls_that_were_turned_away_pass_as_a_number_alone(declared: Declared) -> None:
    nothing = {"version": None, "units": 0, "latency_us": 0, "turned_away": 7}
    refused = {**USAGE, **nothing, "status": 429}

    assert passed(declared, RecordKind.USAGE, refused)["turned_away"] == 7
    changes = ({"turned_away": int(PHONE)}, {"units": 1}, {"status": 200}, {"trial": True})
    for change in changes:
        with pytest.raises(EgressRefused):
            passed(declared, RecordKind.USAGE, {**refused, **change})


def test_health_loses_free_text_and_what_is_not_declared(declared: Declared) -> None:
    digest = "sha256:" + "0" * 64
    instance = {
        "id": "i-1", "capability": "triage", "version": "1.0.0", "node": "n-1",
        "health": "failed", "detail": f"ValueError: {PHONE}", "code_digest": digest,
        "weights_digest": digest,
    }  # fmt: skip
    node = {
        "node": "n-1", "epoch": 1, "families": ["linear"], "engines": ["onnx"],
        "cpu_millicores": 1, "memory_mib": 1, "labels": {"owner": PHONE}, "gpu_model": PHONE,
    }  # fmt: skip
    report = {
        "at": HOUR.isoformat(), "state_revision": 1, "nodes": [node],
        "instances": [instance, {**instance, "capability": f"c{PHONE}"}],
        "backlog": {"usage-0": 3, PHONE: 1},
    }  # fmt: skip

    body = passed(declared, RecordKind.HEALTH, report)

    assert PHONE not in json.dumps(body)
    assert [instance["detail"] for instance in body["instances"]] == ["other"]
    assert body["backlog"] == {"usage-0": 3}


def test_details_become_codes_of_the_list() -> None:
    texts = ["", "crashed", "digest of model/x differs", f"exit status 1: {PHONE}", "anything"]

    codes = [detail_code(text) for text in texts]

    assert codes == ["", "crashed", "digest-mismatch", "crashed", "other"]
    assert set(codes) - {""} <= set(DETAIL_CODES)


@pytest.mark.parametrize("kind", list(RecordKind))
def test_a_sample_of_the_inference_log_passes_as_no_kind_of_record(
    declared: Declared, kind: RecordKind
) -> None:
    sample = {
        "request_id": "0" * 32, "at": HOUR.isoformat(), "capability": "triage",
        "version": "1.0.0", "error": "", "logged": {"caller": PHONE},
        "inputs": {"age": {"shape": [1], "data": [41]}}, "outputs": {},
    }  # fmt: skip

    with pytest.raises(EgressRefused) as refused:
        passed(declared, kind, sample)
    assert PHONE not in str(refused.value)
