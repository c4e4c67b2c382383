"""The campaign of decisions, small: it finds what is planted for it, and nothing else."""

from pathlib import Path

import pytest

from tests.campaigns.decisions.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

_SEED = 20_261_125


@pytest.mark.parametrize("bug", CAMPAIGN.planted_in_ci, ids=lambda bug: bug.name)
def test_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, _SEED, tmp_path).violations


def test_the_checker_takes_every_decision_again_and_every_change_admits(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
