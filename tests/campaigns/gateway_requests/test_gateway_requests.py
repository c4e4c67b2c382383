"""The campaign of generated requests, small: it finds what is planted for it, and the gateway holds."""

import json
import re
from pathlib import Path

import pytest

from edge_gateway.gateway import openapi
from edge_gateway.gateway.paths import FIXED, Kind, read_target
from tests.campaigns.gateway_requests.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

_SEED = 20_261_121


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_the_campaign_finds_the_planted_bug(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, _SEED, tmp_path).violations


def test_generated_requests_get_documented_answers_only(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["requests"] == CAMPAIGN.small


def test_the_gateway_describes_each_of_its_routes_and_no_other() -> None:
    paths = json.loads(openapi.document())["paths"]
    kinds = set()
    for template, item in paths.items():
        path = re.sub(r"\{capability\}", "sample", template).replace("{version}", "1.2.3")
        route = read_target(path.encode())
        kinds.add(route.kind)
        (method,) = item
        assert method.upper().encode() == route.method
        assert route.capability == ("sample" if "{capability}" in template else "")
        assert route.needs_token == ({"accessToken": []} in item[method].get("security", []))

    # What a browser asks before a trial is CORS's own, at every path.
    assert kinds == set(Kind) - {Kind.PREFLIGHT}
    assert set(FIXED) <= set(paths)
