"""A capability of Python code, from its training to the review queue, through the full gate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Person
from tests.e2e.workbench import running_workbench
from tests.unit.examples.broken_variants import VARIANTS
from tests.unit.examples.showcase import EXAMPLES, Trained, train

_NAME = "alarm-root-cause"
# The platform starts and a whole gate measures: minutes on a busy machine.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def engineer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with running_workbench(tmp_path_factory.mktemp("w")) as person:
        yield person


@pytest.fixture(scope="module")
def trained(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    (example,) = [example for example in EXAMPLES if example.capability == _NAME]
    return train(example, test_data, tmp_path_factory.mktemp("showcase"))


def test_it_passes_the_full_gate_and_awaits_a_review(engineer: Person, trained: Trained) -> None:
    view = engineer.reads("publish", str(trained.project))

    assert view["stage"] == "in_review"


def test_the_same_code_with_a_memory_is_refused_for_its_memory(
    engineer: Person, trained: Trained, tmp_path: Path
) -> None:
    (stateful,) = [variant for variant in VARIANTS if variant.name == "state between calls"]
    broken = stateful.of(trained.project, tmp_path)
    manifest = broken / "capability.toml"
    manifest.write_text(manifest.read_text().replace('version = "1.0.0"', 'version = "1.0.1"'))

    outcome = engineer.tries("publish", str(broken))

    assert outcome.code == 1
    assert stateful.refused_by in outcome.err + outcome.out
    assert "it remembers" in outcome.err + outcome.out
