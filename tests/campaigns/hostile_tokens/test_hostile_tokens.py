"""The campaign of hostile tokens, small: it finds what is planted for it, and the gateway holds."""

from pathlib import Path

import pytest

from tests.campaigns.harness import PlantedBug, find_planted, play
from tests.campaigns.hostile_tokens.campaign import CAMPAIGN

_SEED = 20_261_121


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, _SEED, tmp_path).violations


def test_J01_to_J16_no_hostile_token_and_no_mutation_is_accepted(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["by_hand"] >= 150
    assert set(findings.figures["by_id"]) == {f"J{n:02}" for n in range(1, 17)} - {"J09"}
    assert findings.figures["mutated"] == CAMPAIGN.small
