"""Run a campaign by hand: ``make campaign NAME=exactly-once [SEED=7] [SIZE=20000]``.

First every planted bug must be found, small; then the tree itself is attacked, large. The seed is
printed; history and findings stay in ``.campaigns/NAME-SEED``. Ends with 0 where everything held, 1
where something did not, 2 where the campaign is void.
"""

import argparse
import json
import secrets
import shutil
import sys
from pathlib import Path

from tests.campaigns.harness import ROOT, Campaign, Findings, Void, find, find_planted, names, play


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _find_all_planted(campaign: Campaign, seed: int, folder: Path) -> None:
    for bug in campaign.planted:
        findings = find_planted(campaign, bug, seed, folder / bug.name)
        _say(f"  found the planted bug {bug.name}: {findings.violations[0]}")


def _show(findings: Findings) -> int:
    _say(json.dumps(findings.figures, indent=1, ensure_ascii=False))
    for violation in findings.violations:
        _say(f"  did not hold: {violation}")
    _say("held" if not findings.violations else f"{len(findings.violations)} did not hold")
    return 1 if findings.violations else 0


def main() -> int:
    """Read the arguments and run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.campaigns")
    parser.add_argument("name", metavar="NAME", help=", ".join(names()))
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--size", type=int, default=None)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--alone", action="store_true", help="plant no bugs first")
    arguments = parser.parse_args()
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    try:
        campaign = find(arguments.name)
        size = arguments.size or campaign.large
        folder = arguments.folder or ROOT / ".campaigns" / f"{campaign.name}-{seed}"
        _say(f"{campaign.name}: seed {seed}, {size:,} {campaign.unit}, history in {folder}")
        if not arguments.alone:
            shutil.rmtree(folder, ignore_errors=True)
            _find_all_planted(campaign, seed, folder / "planted")
        return _show(play(campaign, seed, size, folder))
    except Void as void:
        _say(f"void: {void}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
