"""The campaign of failing statements, small: it finds what is planted for it, and nothing passes."""

from pathlib import Path

import pytest

from tests.campaigns.failing_authorisation.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

_SEED = 20_261_121


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, _SEED, tmp_path).violations


def test_H18_an_exception_at_any_step_of_the_authorisation_lets_nothing_through(
    tmp_path: Path,
) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["reached"] >= CAMPAIGN.small / 2
