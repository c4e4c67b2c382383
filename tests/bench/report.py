"""Figures for people and for programs: a table, ratios to the peer, and where it was measured."""

import json
import os
import platform
import subprocess
import sys
import sysconfig
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from tests.bench.peers import environment
from tests.bench.procedure import CONNECTIONS, Plan, Results, Windows

_PACKAGES = ("uvloop", "httptools", "orjson", "numpy", "onnxruntime")
_COLUMNS = (
    "| candidate | connections | CPU us a request, median (range) | windows (void) "
    "| requests/s | p50 us | p99 us |"
)


@dataclass(frozen=True, slots=True)
class Bar:
    """What is asked: ``peer`` needs at least ``times`` the CPU of ``ours``."""

    ours: str
    peer: str
    times: float


@dataclass(slots=True)
class Report:
    """One run's figures."""

    title: str
    results: Results
    bars: Sequence[Bar] = ()
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Write the table."""
        lines = [f"## {self.title}", "", *machine_lines(), ""]
        lines += [_COLUMNS, "|---" * _COLUMNS.count(" | ") + "|---|"]
        for name, by_connections in self.results.items():
            lines += [_row(name, count, found) for count, found in by_connections.items()]
        lines.append("")
        for bar in self.bars:
            if not {bar.ours, bar.peer} <= self.results.keys():
                continue
            lines += self._compare(bar)
        return "\n".join((*lines, *self.notes, ""))

    def document(self) -> dict[str, object]:
        """Give all windows with the machine they were measured on."""
        return {
            "title": self.title,
            "machine": _machine(),
            "results": {
                name: {str(count): asdict(found) for count, found in by_connections.items()}
                for name, by_connections in self.results.items()
            },
            "notes": self.notes,
        }

    @property
    def is_complete(self) -> bool:
        """Whether no window was void."""
        return not any(found.void for rows in self.results.values() for found in rows.values())

    def _compare(self, bar: Bar) -> list[str]:
        lines = []
        for count, found in self.results[bar.ours].items():
            peer = self.results[bar.peer][count]
            if not found.valid or not peer.valid:
                continue
            ratio = peer.cpu_us / found.cpu_us
            verdict = "held" if ratio >= bar.times else "MISSED"
            lines.append(
                f"{bar.peer} / {bar.ours} at {count} connections: {ratio:.2f}"
                + (f" (at least {bar.times}: {verdict})" if bar.times else "")
            )
        return lines


def arguments_of(description: str | None, *, connections: Sequence[int] = CONNECTIONS) -> Namespace:
    """Read the arguments that all benchmarks share."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=list(connections))
    parser.add_argument("--only", nargs="+", help="names of the candidates to measure")
    parser.add_argument("--json", type=Path, help="where to write all windows")
    return parser.parse_args()


def plan_of(arguments: Namespace) -> Plan:
    """Make the plan that the arguments ask for."""
    return Plan(arguments.rounds, arguments.seconds, tuple(arguments.connections))


def publish(report: Report, path: Path | None) -> int:
    """Print a report, write its windows; return the exit code: 1 where a window was void."""
    sys.stdout.write(report.text())
    sys.stdout.flush()
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report.document(), indent=1))
    return 0 if report.is_complete else 1


def _row(name: str, count: int, found: Windows) -> str:
    if not found.valid:
        return f"| {name} | {count} | - | 0 ({found.void}) | - | - | - |"
    costs = [window.cpu_us for window in found.valid]
    middle = sorted(found.valid, key=lambda window: window.cpu_us)[len(found.valid) // 2]
    return (
        f"| {name} | {count} | {found.cpu_us:.1f} ({min(costs):.1f} to {max(costs):.1f})"
        f" | {len(found.valid)} ({found.void}) | {middle.rate:,.0f}"
        f" | {middle.p50_us:.0f} | {middle.p99_us:.0f} |"
    )


def _machine() -> Mapping[str, object]:
    return {
        "cores": os.cpu_count(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "kernel": platform.release(),
        "python": sys.version.replace("\n", " "),
        "python_build": _build(),
        "commit": _commit(),
        "versions": {name: version(name) for name in _PACKAGES} | _programs(),
        "peers": environment.facts(),
    }


def machine_lines() -> list[str]:
    """Describe where it was measured, a member a line."""
    machine = _machine()
    return [f"- {name.replace('_', ' ')}: {_plain(value)}" for name, value in machine.items()]


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    return str(value)


def _build() -> str:
    """Name the interpreter's build; Debian's is optimised (PGO), whatever its flags say."""
    if sys.base_prefix == "/usr":
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, the distribution's own"
    flags = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    is_optimised = "--enable-optimizations" in flags
    return f"built by hand, {'' if is_optimised else 'not '}optimised"


def _commit() -> str:
    git = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    found = subprocess.run(git, check=False, capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def _programs() -> dict[str, str]:
    commands = {"wrk": ["wrk", "-v"], "nginx": ["/usr/sbin/nginx", "-v"]}
    found = {}
    for name, command in commands.items():
        try:
            output = subprocess.run(command, check=False, capture_output=True, text=True)
        except FileNotFoundError:
            found[name] = "not installed"
            continue
        found[name] = (output.stdout + output.stderr).splitlines()[0].strip()
    return found
