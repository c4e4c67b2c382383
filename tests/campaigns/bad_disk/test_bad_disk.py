"""M07 and M09 in small: a province on disks that go bad."""

from pathlib import Path

import pytest

from tests.campaigns.bad_disk.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

SEED = 7


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_M07_M09_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_M07_M09_full_damaged_and_read_only_disks_are_survived(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["answered"] >= CAMPAIGN.small
