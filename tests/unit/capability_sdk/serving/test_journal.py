"""What an instance writes down for the agent: predictions and profile deltas."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from capability_sdk.contracts.feedback import PredictionRecord
from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.profiling.counters import AnchoredCounters
from capability_sdk.profiling.digest import anchors_digest
from capability_sdk.spool import SpoolReader
from tests.unit.capability_sdk.serving.harness import load, running
from tests.unit.capability_sdk.serving.packages import digits as real_digits
from tests.unit.capability_sdk.serving.packages import identity_model, manifest, write_package


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    reader = SpoolReader(folder)
    (epoch,) = reader.epochs()
    payloads = [json.loads(record.payload) for record in reader.read(epoch, 0, 100_000)]
    return [payload for payload in payloads if payload["kind"] == kind]


def send(url: str, name: str, values: np.ndarray[Any, Any], request_id: str = "r-1") -> Any:  # noqa: ANN401 - JSON
    shape = list(values.shape)
    item = {"name": name, "datatype": "FP32", "shape": shape, "data": values.ravel().tolist()}
    answer = httpx.post(url, json={"inputs": [item]}, headers={"x-request-id": request_id})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_answered_call_is_a_prediction_with_labels_by_row(
    digits_package: Path, tmp_path: Path
) -> None:
    images, _ = real_digits()
    with running(load(digits_package), tmp_path / "journal") as runtime:
        url = f"{runtime.url}/v2/models/digit-recognition/infer"
        first = send(url, "pixels", images[1500:1503], "gate-1")
        second = send(url, "pixels", images[1503:1504], "gate-2")

    found = [
        PredictionRecord.model_validate(r) for r in records(tmp_path / "journal", "prediction")
    ]
    assert [record.request_id for record in found] == ["gate-1", "gate-2"]
    labels = [answer["outputs"][0]["data"] for answer in (first, second)]
    assert [record.values for record in found] == [[str(label) for label in row] for row in labels]
    assert {(record.capability, record.version) for record in found} == {
        ("digit-recognition", "1.2.3")
    }


def test_the_profile_deltas_add_up_to_the_counts_of_all_rows(
    digits_package: Path, tmp_path: Path
) -> None:
    images, _ = real_digits()
    rows = images[1000:1600]
    with running(load(digits_package), tmp_path / "journal") as runtime:
        url = f"{runtime.url}/v2/models/digit-recognition/infer"
        answers = [send(url, "pixels", rows[at : at + 50]) for at in range(0, 600, 50)]

    text = (digits_package / "reference" / "profile.json").read_text()
    reference = ReferenceProfile.model_validate_json(text)
    expected = AnchoredCounters(reference)
    label = np.concatenate([answer["outputs"][0]["data"] for answer in answers])
    scores = np.concatenate([answer["outputs"][1]["data"] for answer in answers])
    scores = scores.astype(np.float32).reshape(-1, 10)
    expected.add({"pixels": rows, "label": label, "probabilities": scores})
    found = records(tmp_path / "journal", "profile")
    total: Counter[tuple[str, int]] = Counter()
    for delta in found:
        for column, counts in delta["counts"].items():
            total.update({(column, cell): count for cell, count in enumerate(counts)})
    assert sum(delta["rows"] for delta in found) == 600
    assert {delta["anchors"] for delta in found} == {anchors_digest(reference)}
    for column, counts in expected.drain().items():
        assert [total[column, cell] for cell in range(len(counts))] == counts, column


def test_a_new_hour_begins_a_new_window(tmp_path: Path) -> None:
    declared = manifest()
    values = np.arange(200, dtype=np.float32).reshape(100, 2)
    package = load(
        write_package(tmp_path / "package", declared, identity_model(declared), {"x": values})
    )
    times = [datetime(2026, 11, 21, 9, 59, 59, 900_000, tzinfo=UTC)]
    with running(package, tmp_path / "journal", clock=lambda: times[-1]) as runtime:
        send(f"{runtime.url}/v2/models/sample/infer", "x", values[:3])
        times.append(times[0] + timedelta(seconds=1))
        send(f"{runtime.url}/v2/models/sample/infer", "x", values[:5])

    found = records(tmp_path / "journal", "profile")
    assert [(delta["window"], delta["rows"]) for delta in found] == [
        ("2026-11-21T09:00:00+00:00", 3),
        ("2026-11-21T10:00:00+00:00", 5),
    ]


@pytest.mark.parametrize(
    ("output", "quality", "values", "expected"),
    [
        (
            {"datatype": "FP32", "shape": [2]},
            {"task": "classification", "output": "y", "labels": ["no", "yes"]},
            [[0.25, 0.75], [0.5, 0.25]],
            ["yes", "no"],
        ),
        (
            {"datatype": "FP32", "shape": [1]},
            {"task": "regression", "output": "y"},
            [[1.5], [3.0]],
            [1.5, 3.0],
        ),
        (
            {"datatype": "FP32", "shape": [1]},
            {"task": "classification", "output": "y", "labels": ["no", "yes"]},
            [[1.0], [7.0]],
            ["yes", 7],
        ),
    ],
)
def test_the_judged_output_is_written_in_the_manifests_words(
    tmp_path: Path,
    output: dict[str, Any],
    quality: dict[str, Any],
    values: list[list[float]],
    expected: list[object],
) -> None:
    declared = manifest(
        inputs=[{"name": "x", **output}], outputs=[{"name": "y", **output}], quality=quality
    )
    package = load(write_package(tmp_path / "package", declared, identity_model(declared)))
    with running(package, tmp_path / "journal") as runtime:
        send(f"{runtime.url}/v2/models/sample/infer", "x", np.array(values))

    (record,) = records(tmp_path / "journal", "prediction")
    assert record["values"] == expected


def test_refused_calls_leave_no_prediction(digits_package: Path, tmp_path: Path) -> None:
    with running(load(digits_package), tmp_path / "journal") as runtime:
        url = f"{runtime.url}/v2/models/digit-recognition/infer"
        assert httpx.post(url, json={}).status_code == 400
        send(url, "pixels", real_digits()[0][:1], "good")

    found = records(tmp_path / "journal", "prediction")
    assert [record["request_id"] for record in found] == ["good"]
