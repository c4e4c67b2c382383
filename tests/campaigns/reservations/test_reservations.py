"""The campaign of reservations, small: it finds what is planted for it, and nothing else."""

from pathlib import Path

import pytest

from tests.campaigns.harness import PlantedBug, find_planted, play
from tests.campaigns.reservations.campaign import CAMPAIGN

_SEED = 20_261_125


@pytest.mark.parametrize("bug", CAMPAIGN.planted_in_ci, ids=lambda bug: bug.name)
def test_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, _SEED, tmp_path).violations


def test_E15_no_room_is_given_away_twice_whatever_two_schedulers_do(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["steps"] >= CAMPAIGN.small
