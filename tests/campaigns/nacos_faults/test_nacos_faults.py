"""The campaign against a Nacos server, small: it finds what is planted for it, and no call fails."""

from pathlib import Path

import pytest

from tests.campaigns.harness import PlantedBug, find_planted, play
from tests.campaigns.nacos_faults.campaign import CAMPAIGN

_SEED = 20_261_125


@pytest.mark.parametrize("bug", CAMPAIGN.planted_in_ci, ids=lambda bug: bug.name)
def test_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, _SEED, tmp_path).violations


def test_E06_E07_E08_whatever_nacos_does_no_call_fails_and_no_healthy_node_is_lost(
    tmp_path: Path,
) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["failed"] == 0
