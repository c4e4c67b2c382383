"""What every campaign stands on: a seeded run that notes its history, and bugs planted in a copy.

A campaign attacks the platform at random from a seed and says what did not hold. Before its word
counts, it must find every bug that is planted for it: the tree is copied, one exact piece of source
is replaced, and the same campaign runs small inside the copy, its server processes included. A
campaign that misses one is void.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Self

ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent
_COPIED = ("capability_sdk", "center", "edge_gateway", "scheduler", "deploy", "examples", "tests")
_FINDINGS = "findings.json"
_HISTORY = "history.jsonl"


class Void(Exception):
    """A run says nothing: too little happened in it, or a planted bug was missed."""


@dataclass(frozen=True)
class PlantedBug:
    """One piece of source that is replaced in a copy of the tree, found exactly once.

    Attributes:
        along: Further pieces ``(path, old, new)`` of the same bug, where a single one does no harm
            because another part still guards.
        shows_by_waiting: Whether half a minute passes before it shows: it is looked for by hand alone.
    """

    name: str
    path: str
    old: str
    new: str
    along: tuple[tuple[str, str, str], ...] = ()
    shows_by_waiting: bool = False

    def plant(self, tree: Path) -> None:
        """Replace the pieces of source.

        Raises:
            Void: The source has changed and a piece no longer stands there once.
        """
        for path, old, new in ((self.path, self.old, self.new), *self.along):
            (tree / path).write_text(self._source(tree, path, old).replace(old, new))

    def require_source(self, tree: Path = ROOT) -> None:
        """Require that the bug could be planted.

        Raises:
            Void: The source has changed and a piece no longer stands there once.
        """
        for path, old, _ in ((self.path, self.old, self.new), *self.along):
            self._source(tree, path, old)

    def _source(self, tree: Path, path: str, old: str) -> str:
        source = (tree / path).read_text()
        if source.count(old) != 1:
            raise Void(f"{self.name}: {old!r} stands {source.count(old)} x in {path}")
        return source


@dataclass
class Findings:
    """What a run found: figures to report, and each thing that did not hold."""

    seed: int
    size: int
    figures: dict[str, Any] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


class Run:
    """One run of a campaign: its seed, size, folder, history and findings.

    It is a context manager, and closed at the end of the block also where the block fails.
    """

    def __init__(self, seed: int, size: int, folder: Path) -> None:
        self.seed = seed
        self.size = size
        self.folder = folder
        self.random = random.Random(seed)  # noqa: S311 - a campaign must be repeatable
        self.findings = Findings(seed, size)
        folder.mkdir(parents=True, exist_ok=True)
        self._history: IO[str] = (folder / _HISTORY).open("a")
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def note(self, event: str, **details: object) -> None:
        """Append an event to the history, with seconds since the start."""
        at = round(time.monotonic() - self._began, 3)
        self._history.write(json.dumps({"at": at, "event": event, **details}, default=str) + "\n")
        self._history.flush()

    def report(self, **figures: object) -> None:
        """Add figures to the findings."""
        self.findings.figures.update(figures)

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note a violation where something does not hold."""
        if not holds:
            self.note("violation", what=otherwise)
            self.findings.violations.append(otherwise)

    def close(self) -> None:
        """End the run: write the findings beside the history."""
        self._history.close()
        (self.folder / _FINDINGS).write_text(json.dumps(asdict(self.findings), indent=1))


@dataclass(frozen=True)
class Campaign:
    """A named attack.

    ``small`` and ``large`` are sizes in ``unit``: what CI runs, and what is run by hand. ``play``
    does one run; it calls ``Run.expect`` for everything that must hold and raises ``Void`` where
    too little happened for the run to count.
    """

    name: str
    unit: str
    small: int
    large: int
    planted: tuple[PlantedBug, ...]
    play: Callable[[Run], None]

    @property
    def planted_in_ci(self) -> list[PlantedBug]:
        """The planted bugs that CI looks for; by hand all are looked for."""
        return [bug for bug in self.planted if not bug.shows_by_waiting]

    def has_told(self, run: Run) -> bool:
        """Whether a small run has found something: of a planted bug the first sign suffices."""
        return bool(run.findings.violations) and run.size <= self.small


def names() -> list[str]:
    """Name the campaigns there are."""
    return sorted(path.parent.name.replace("_", "-") for path in _HERE.glob("*/campaign.py"))


def find(name: str) -> Campaign:
    """Load a campaign by its name.

    Raises:
        Void: There is none of that name.
    """
    if name not in names():
        raise Void(f"no campaign {name!r}; there are: {', '.join(names())}")
    campaign: Campaign = import_module(
        f"tests.campaigns.{name.replace('-', '_')}.campaign"
    ).CAMPAIGN
    return campaign


def play(campaign: Campaign, seed: int, size: int, folder: Path) -> Findings:
    """Play a campaign in this process, on the tree that it was imported from."""
    with Run(seed, size, folder) as run:
        campaign.play(run)
    return run.findings


def play_planted(campaign: Campaign, bug: PlantedBug, seed: int, folder: Path) -> Findings:
    """Play a campaign small in a process of its own, on a copy of the tree that holds the bug.

    Raises:
        Void: The run ended without findings; the message holds the end of what it printed.
    """
    tree = folder / "tree"
    for name in _COPIED:
        # Compiled modules come along: times are copied, so that only the planted file is stale.
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("node_modules"))
    bug.plant(tree)
    command = [sys.executable, "-m", "tests.campaigns", campaign.name, "--alone"]
    options = ["--seed", str(seed), "--size", str(campaign.small), "--folder", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [*command, *options], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    if not (folder / _FINDINGS).exists() or done.returncode not in {0, 1}:
        raise Void(f"{bug.name}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    findings = Findings(**json.loads((folder / _FINDINGS).read_text()))
    if done.returncode == 1 and not findings.violations:
        raise Void(f"{bug.name}: the campaign itself failed: {done.stderr[-4000:]}")
    shutil.rmtree(tree)
    return findings


def find_planted(
    campaign: Campaign,
    bug: PlantedBug,
    seed: int,
    folder: Path,
    *,
    symptom: str = "",
    tries: int = 3,
) -> Findings:
    """Play a planted bug small, with one seed after the other, until the campaign finds it.

    A seed decides what a campaign does, but not how processes, disks and connections take turns:
    a bug that does harm in one interleaving only may slip through a small run. That is chance, and
    no reason to stop everybody's work; so further seeds are tried, as the large run has far more
    occasions as well. A bug that no seed finds is one that the campaign cannot see: then its word
    counts for nothing, whatever the reason, and this fails.

    Args:
        symptom: Part of a violation that must be among those found; any violation where empty.
        tries: How many runs at most; a void run is one of them.

    Returns:
        The findings of the run that found the bug.

    Raises:
        Void: No run found it; or the last one was itself void.
    """
    missed: list[str] = []
    for attempt in range(tries):
        try:
            findings = play_planted(campaign, bug, seed + attempt, folder / str(attempt))
        except Void as void:
            if attempt == tries - 1:
                raise
            missed.append(f"void: {void}")
            continue
        if any(symptom in violation for violation in findings.violations):
            return findings
        missed.append(f"{findings.violations}")
    told = "; ".join(f"seed {seed + attempt}: {what}" for attempt, what in enumerate(missed))
    raise Void(f"the planted bug {bug.name} was not found ({symptom or 'any violation'}): {told}")
