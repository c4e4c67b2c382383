"""The drift bar on unseen digits, with every planted bug found first."""

from pathlib import Path

import pytest

from tests.campaigns.drift.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

SEED = 3
SEEDS_OF_THE_BAR = 20


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_a_verdict_that_is_wrong_is_found(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_guizhou_is_flagged_at_once_and_zhejiang_is_left_in_peace(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, SEED, SEEDS_OF_THE_BAR, tmp_path)

    assert findings.violations == []
    assert findings.figures["whole_way"] == {"guizhou": "drift", "zhejiang": "stable"}
