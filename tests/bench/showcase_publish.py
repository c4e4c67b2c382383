"""Publishes every showcase capability through the full gate, then every broken variant, by hand.

    python -m tests.bench.showcase_publish --data DIR [--only NAME ...]

prints the seconds from ``jiuzhou publish`` to the review queue, and what refused each variant. The
load of the machine stands beside each figure: the gate measures, so it needs a quiet one.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.harness import Person
from tests.e2e.workbench import running_workbench
from tests.unit.examples.broken_variants import VARIANTS
from tests.unit.examples.showcase import EXAMPLES, Trained, train

LIMIT_SECONDS = 120.0


def publish(engineer: Person, trained: Trained) -> bool:
    """Publish a good package; tell whether it came to the review queue in time."""
    began = time.monotonic()
    outcome = engineer.tries("publish", str(trained.project))
    seconds = time.monotonic() - began
    good = outcome.code == 0 and seconds < LIMIT_SECONDS
    verdict = "in review" if outcome.code == 0 else f"REFUSED\n{outcome.out}{outcome.err}"
    _say(f"{trained.example.capability}: {seconds:.1f} s (load {_load()}), {verdict}")
    return good


def refuse(engineer: Person, trained: Trained, folder: Path) -> bool:
    """Publish the broken variants; tell whether each was refused by the check it names."""
    right = True
    for number, variant in enumerate(VARIANTS, 1):
        if variant.capability != trained.example.capability:
            continue
        broken = variant.of(trained.project, folder / str(number))
        manifest = broken / "capability.toml"
        text = manifest.read_text().replace('version = "1.0.0"', f'version = "1.0.{number}"')
        manifest.write_text(text)
        began = time.monotonic()
        outcome = engineer.tries("publish", str(broken))
        said = outcome.out + outcome.err
        refused = outcome.code == 1 and variant.refused_by in said
        verdict = f"refused by {variant.refused_by}" if refused else f"NOT REFUSED SO\n{said}"
        _say(f"  with {variant.name}: {time.monotonic() - began:.1f} s, {verdict}")
        right = right and refused
    return right


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a script a person runs and reads


def main() -> int:
    """Train, publish, and break, one capability after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--only", nargs="*", help="names of capabilities")
    parser.add_argument("--good-alone", action="store_true", help="leave the variants out")
    given = parser.parse_args()
    chosen = [e for e in EXAMPLES if not given.only or e.capability in given.only]
    with tempfile.TemporaryDirectory() as scratch, running_workbench(Path(scratch)) as engineer:
        folder = Path(scratch) / "projects"
        done = [train(example, given.data, folder) for example in chosen]
        good = [publish(engineer, trained) for trained in done]
        to_break = [] if given.good_alone else done
        right = [refuse(engineer, trained, Path(scratch) / "broken") for trained in to_break]
    return 0 if all(good) and all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
