"""The campaign `center-requests`, small: it finds what is planted, and nothing in the tree."""

from pathlib import Path

import pytest

from tests.campaigns.center_requests.campaign import CAMPAIGN, attack
from tests.campaigns.harness import PlantedBug, Run, find_planted, play

SEED = 20261121


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_H20_no_generated_request_gets_an_answer_that_is_not_documented(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["requests"] >= CAMPAIGN.small


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_C02_other_engines_refuse_the_same_values_in_the_same_way(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with Run(SEED, 1, tmp_path) as run:  # the sweep alone: the worst value in each place
        attack(run, request.getfixturevalue(f"{engine}_url"))

    assert run.findings.violations == []
