"""The campaign of crashes in a publication, small; its planted bugs are looked for by hand."""

from pathlib import Path

from tests.campaigns.harness import play
from tests.campaigns.publish_crash.campaign import CAMPAIGN

_SEED = 20_261_126


def test_E10_a_version_is_wholly_there_or_not_at_all_wherever_the_center_dies(
    tmp_path: Path,
) -> None:
    findings = play(CAMPAIGN, _SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["deaths"] >= CAMPAIGN.small
