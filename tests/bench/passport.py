"""What the gate's passport predicts, beside what is observed in production form.

``python -m tests.bench.passport [--seconds 2] [--only tree] [--json FILE]``. Each model goes through
the whole gate; then one instance, started as the scheduler does, is loaded on its socket with requests
that the gate did not measure. Throughput is answers per CPU second of the instance's processes: what a
core of its own would give, whatever else this machine does; the answers per second are shown beside it.
"""

import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import MANIFEST_FILE
from capability_sdk.contracts.passport import Passport
from capability_sdk.gate.cases import infer, repeated
from capability_sdk.gate.node_score import node_score
from capability_sdk.gate.prediction import requests_per_core_second, resident_bytes
from capability_sdk.gate.processes import usage_of
from capability_sdk.gate.proving import prove
from capability_sdk.packaging.samples import read_samples
from tests.bench.load import LOAD_CORE
from tests.bench.ours import Ours, running_instance
from tests.bench.passport_models import MODELS

MEMORY_BAR, THROUGHPUT_BAR = 0.15, 0.20
_KINDS = ((1, 64), (8, 8), (32, 4))
"""Rows of a request and connections; none of them is what the gate measures."""
_WINDOWS = 3
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """One prediction and what became of it."""

    model: str
    what: str
    unit: str
    predicted: float
    observed: float
    bar: float
    note: str = ""

    @property
    def deviation(self) -> float:
        """By what share of the observation the prediction is off."""
        return self.predicted / self.observed - 1

    @property
    def holds(self) -> bool:
        """Whether it is within the bar."""
        return abs(self.deviation) <= self.bar

    def __str__(self) -> str:
        verdict = "yes" if self.holds else "NO"
        return (
            f"| {self.model} | {self.what} | {self.predicted:,.1f} | {self.observed:,.1f} {self.unit}"
            f" | {self.deviation:+.1%} | {self.bar:.0%} | {verdict} | {self.note} |"
        )


def compare(name: str, folder: Path, seconds: float) -> Iterator[Line]:
    """Gate one model and observe it in production form."""
    place = MODELS[name](folder / "package")
    report = prove(place)
    if not report.passed:
        broken = [f"{check.name}: {check.detail}" for check in report.checks if not check.passed]
        raise SystemExit(f"{name} does not pass the gate: {'; '.join(broken)}")
    passport = Passport.model_validate(report.passport)
    with running_instance(place, folder / "instance", batch_rows=passport.best_batch) as instance:
        for rows, connections in _KINDS:
            _observe(instance, folder, place, rows, connections, 1.0)
            windows = [
                (*_observe(instance, folder, place, rows, connections, seconds), node_score())
                for _ in range(_WINDOWS)
            ]
            # As in the gate: what neighbours take can only be added, so the least is its own.
            cpu, rate, score = (max(values) for values in zip(*windows, strict=True))
            usual = median(window[0] for window in windows)
            yield Line(
                name,
                f"{rows} rows, {connections} connections",
                "req/core s",
                requests_per_core_second(passport, rows, score),
                cpu,
                THROUGHPUT_BAR,
                f"median of {_WINDOWS} windows {usual:,.0f}; {rate:,.0f} req/s;"
                f" score {score:.0f}, the gate's {passport.node_score:.0f}",
            )
        observed = usage_of(instance.pid).resident_bytes
    predicted = resident_bytes(passport)
    note = f"gate {report.seconds:.0f} s, best batch {passport.best_batch}"
    yield Line(name, "resident", "MiB", predicted / _MIB, observed / _MIB, MEMORY_BAR, note)


def _observe(
    instance: Ours, folder: Path, place: Path, rows: int, connections: int, seconds: float
) -> tuple[float, float]:
    """Load an instance; returns answers per CPU second of its own, and per second."""
    manifest = Manifest.from_toml((place / MANIFEST_FILE).read_text(encoding="utf-8"))
    sample = next(iter(read_samples(place, []).values()))
    request = folder / "request"
    request.write_bytes(infer(manifest, repeated(sample.request, rows)))
    command = [
        *("taskset", "-c", str(LOAD_CORE), sys.executable, "-m", "tests.bench.unix_load"),
        *(instance.url.removeprefix("unix:"), str(request)),
        *("--connections", str(connections), "--seconds", str(seconds)),
    ]
    before = usage_of(instance.pid).cpu_seconds
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    spent = usage_of(instance.pid).cpu_seconds - before
    found = json.loads(done.stdout)
    return found["answers"] / spent, found["answers"] / found["seconds"]


def main() -> int:
    """Compare; return the exit code: 1 where a bar is missed."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each of three windows")
    parser.add_argument("--only", nargs="+", choices=sorted(MODELS), default=sorted(MODELS))
    parser.add_argument("--json", type=Path, help="where to write all figures")
    given = parser.parse_args()
    lines: list[Line] = []
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"## Passport\n\n- Python {sys.version}\n- load average {load}\n")  # noqa: T201 - a program for people
    print("| model | what | predicted | observed | deviation | bar | holds | note |")  # noqa: T201 - a report for a person
    print("|---|---|---|---|---|---|---|---|")  # noqa: T201 - a program for people
    for name in given.only:
        with tempfile.TemporaryDirectory(prefix="passport-") as place:
            for line in compare(name, Path(place), given.seconds):
                print(line, flush=True)  # noqa: T201 - a program for people
                lines.append(line)
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        found = [asdict(line) | {"deviation": line.deviation} for line in lines]
        given.json.write_text(json.dumps(found, indent=1))
    return 0 if all(line.holds for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
