"""Every planted bug is found for what it does, and the tree itself counts exactly once."""

from pathlib import Path

import pytest

from tests.campaigns.exactly_once.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play

SEED = 4
_SYMPTOMS = {
    "the-watermark-is-ignored": "predictions were made",
    "acknowledged-before-commit": "the center acknowledged",
    "totals-outside-the-transaction-of-their-records": "calls, units, errors are",
    "answered-before-the-record-is-written": "answered, not in the spool",
    "the-spool-s-tail-stays-in-memory": "answered, not in the spool",
    "the-gateway-counts-from-1-again-after-a-restart": "answered, not in the spool",
    "the-agent-counts-from-1-again-when-its-outbox-is-empty": "predictions were made",
    "shipped-before-the-center-answered": "spooled, never counted",
}


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found_by_its_symptom(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path, symptom=_SYMPTOMS[bug.name]).violations


def test_M03_M04_calls_are_counted_once_whatever_dies_or_goes_astray(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    kills, fates = findings.figures["kills"], findings.figures["fates"]
    assert kills["center"] == 2
    assert sum(kills[name] for name in kills if name != "center") == 2
    for fate in ("acknowledgement dropped", "sent twice at once", "arrived after its repetition"):
        assert fates[fate] >= 1, fates
