"""E20 in small: a center restored from a backup is filled up again by its provinces."""

from pathlib import Path

import pytest

from tests.campaigns.center_restore.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

SEED = 20


@pytest.mark.parametrize("bug", CAMPAIGN.planted_in_ci, ids=lambda bug: bug.name)
def test_E20_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_E20_a_restored_center_is_filled_up_again(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["calls"] >= CAMPAIGN.small
