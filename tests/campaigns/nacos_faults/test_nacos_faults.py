"""The campaign against a Nacos server, small: no call fails, no healthy node is lost.

What is planted for it is looked for by hand alone (`make campaign`): each bug takes a server of its own.
"""

from pathlib import Path

from tests.campaigns.harness import play
from tests.campaigns.nacos_faults.campaign import CAMPAIGN

_SEED = 20_261_125


def test_E06_E07_E08_whatever_nacos_does_no_call_fails_and_no_healthy_node_is_lost(
    tmp_path: Path,
) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["failed"] == 0
