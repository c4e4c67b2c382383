"""Every showcase capability: trained on its real data, checked, built, and served."""

import json
from pathlib import Path
from typing import Any

import pytest

from capability_sdk.gate.plan import BRIEF
from capability_sdk.gate.proving import prove
from capability_sdk.packaging.builder import build
from capability_sdk.packaging.project import check_project
from capability_sdk.packaging.samples import difference, read_samples
from tests.unit.examples.broken_variants import VARIANTS
from tests.unit.examples.showcase import EXAMPLES, Trained, served, train


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda example: example.capability)
def trained(
    request: pytest.FixtureRequest, test_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    return train(request.param, test_data, tmp_path_factory.mktemp("showcase"))


def test_training_reaches_its_reference_scores(trained: Trained) -> None:
    assert "asked" in trained.printed
    assert "MISSED" not in trained.printed


def test_the_project_passes_the_check(trained: Trained) -> None:
    report = check_project(trained.project)

    assert report.passed, report.breaks


def test_a_served_package_answers_its_samples(trained: Trained, tmp_path: Path) -> None:
    built = build(trained.project, tmp_path / "package.tar.gz")
    samples = read_samples(trained.project, [])

    with served(trained.project, tmp_path) as http:
        for name, sample in samples.items():
            answer = http.post(
                f"/v2/models/{trained.example.capability}/infer",
                json=sample.request.model_dump(exclude_none=True),
            )
            assert answer.status_code == 200, answer.text
            assert difference(sample, _values(answer.json())) is None, name
    assert built.path.stat().st_size < 4 << 20
    assert len(samples) >= 3


def test_a_column_that_could_name_somebody_has_no_profile(trained: Trained) -> None:
    profile = json.loads((trained.project / "reference" / "profile.json").read_text())
    columns = {column["column"].partition("[")[0] for column in profile["columns"]}

    assert columns
    assert not columns & {"text", "location", "device"}


def _values(answer: dict[str, Any]) -> dict[str, list[Any]]:
    return {output["name"]: output["data"] for output in answer["outputs"]}


def test_the_gate_refuses_a_broken_variant_and_names_why(trained: Trained, tmp_path: Path) -> None:
    # One of each capability; the others by hand: python -m tests.bench.showcase_publish.
    variant = next(v for v in VARIANTS if v.capability == trained.example.capability)

    report = prove(variant.of(trained.project, tmp_path), plan=BRIEF)

    refusals = {check.name for check in report.checks if not check.passed}
    assert variant.refused_by in refusals, report.checks
