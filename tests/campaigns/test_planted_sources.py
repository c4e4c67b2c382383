"""Whoever changes the source of a planted bug learns it here, before any campaign runs."""

import pytest

from tests.campaigns.harness import Campaign, PlantedBug, find, names


def planted() -> list[tuple[Campaign, PlantedBug]]:
    return [(campaign, bug) for campaign in map(find, names()) for bug in campaign.planted]


@pytest.mark.parametrize(
    "bug", [pytest.param(bug, id=f"{campaign.name}-{bug.name}") for campaign, bug in planted()]
)
def test_the_source_of_a_planted_bug_still_stands(bug: PlantedBug) -> None:
    bug.require_source()
