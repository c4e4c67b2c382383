"""The campaign of slow clients, small: it finds what is planted for it, and the gateway holds."""

from pathlib import Path

import pytest

from tests.campaigns.harness import PlantedBug, find_planted, play
from tests.campaigns.slow_clients.campaign import CAMPAIGN

_SEED = 20_261_121


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, _SEED, tmp_path).violations


def test_H08_no_slow_connection_outlives_its_deadline(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["left"] == 0
