"""The campaign of generated infer requests, small: it finds what is planted, and the instance holds."""

from pathlib import Path

import pytest

from tests.campaigns.harness import PlantedBug, find_planted, play
from tests.campaigns.serving_requests.campaign import CAMPAIGN

_SEED = 20_261_125


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, _SEED, tmp_path).violations


def test_generated_requests_neither_break_an_instance_nor_spoil_an_answer(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["requests"] == CAMPAIGN.small
