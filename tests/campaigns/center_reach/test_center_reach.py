"""The campaign `center-reach`: it finds what is planted, and nothing in the tree."""

from pathlib import Path

import pytest

from tests.campaigns.center_reach.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

SEED = 20261121


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_C01_W04_nobody_reaches_what_is_not_theirs_or_acts_by_a_cookie_alone(
    tmp_path: Path,
) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["questions"] > 2000
    assert findings.figures["changes_from_other_sites"] > 60
