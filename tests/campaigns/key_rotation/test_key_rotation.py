"""Keys change under load without a refusal, and never back (J19 to J22 of the threat list)."""

from pathlib import Path

import pytest

from tests.campaigns.harness import PlantedBug, find_planted, play
from tests.campaigns.key_rotation.campaign import CAMPAIGN

SEED = 20261121


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: str(bug.name))
def test_J20_the_campaign_finds_a_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_J19_J20_J21_J22_rotation_refuses_no_valid_call_and_old_states_never_come_back(
    tmp_path: Path,
) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
