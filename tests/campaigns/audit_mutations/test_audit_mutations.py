"""The campaign `audit-mutations`: it finds what is planted, and every falsification in the tree."""

from pathlib import Path

import pytest

from tests.campaigns.audit_mutations.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

SEED = 20261126


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_C03_every_falsification_of_the_trail_is_found(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["found"] == CAMPAIGN.small
