"""E01, E02, E04: the campaign without the center, small, and the bugs that it must find."""

from pathlib import Path

import pytest

from tests.campaigns.center_away.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

SEED = 20_261_121


@pytest.mark.parametrize("bug", CAMPAIGN.planted_in_ci, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_E01_E02_E04_a_province_goes_on_without_the_center(tmp_path: Path) -> None:
    assert play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path).violations == []
