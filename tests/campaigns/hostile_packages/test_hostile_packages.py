"""P01 to P08 at upload, small and with every planted bug first."""

from pathlib import Path

import pytest

from tests.campaigns.harness import PlantedBug, find_planted, play
from tests.campaigns.hostile_packages.campaign import CAMPAIGN
from tests.campaigns.hostile_packages.cases import Traps, cases, gadgets

SEED = 3


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_a_package_that_gets_through_is_found(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_P01_to_P08_hostile_packages_are_refused_before_any_write(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["mutations"] == CAMPAIGN.small


def test_the_corpus_covers_its_rows_of_the_catalogue() -> None:
    traps = Traps("trap", 1)
    names = [case.name for case in cases(traps)]
    found = {row: sum(name.startswith(row) for name in names) for row in ("P01", "P02", "P03")}

    assert len(names) == len(set(names))
    assert found["P01"] >= 40
    assert found["P02"] >= 35 + 14
    assert found["P03"] >= 12
    assert len({case.name.split("-")[1] for case in gadgets(traps)}) == 39
