"""Rights that are taken away end at every gateway worker soon (J19 to J25 of the threat list)."""

from pathlib import Path

import pytest

from tests.campaigns.harness import PlantedBug, find_planted, play
from tests.campaigns.revocation.campaign import CAMPAIGN

SEED = 20261121


@pytest.mark.parametrize("bug", CAMPAIGN.planted_in_ci, ids=lambda bug: str(bug.name))
def test_J24_the_campaign_finds_a_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_J24_J25_what_was_taken_away_is_refused_on_every_worker_also_after_a_cut_link(
    tmp_path: Path,
) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
