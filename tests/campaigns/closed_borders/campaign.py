"""Closed borders (M17): no canary of a province is in any byte that the center received.

A real center, a real province between recorded wires, and canaries in everything that callers,
processes and files of the province can say. Whatever crosses is searched for canaries in every form,
and compared with a list of what may cross; then the center's own database and logs are searched too.
"""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from edge_gateway.samples import read_samples
from tests.campaigns.closed_borders.customs import LEAST_ROWS, Crossed, contraband, crossed
from tests.campaigns.closed_borders.planting import (
    Caller,
    Planting,
    corrupt_processes,
    write_into_logs,
)
from tests.campaigns.closed_borders.province import INFER, BorderProvince, running_province
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.center_process import CenterProcess, running_center_process
from tests.leaks import LeakScanner
from tests.servers.recorder import Recorder, recording
from tests.waiting import eventually, within_the_hour

_TAIL = 7
"""Rows at the end, too few to leave alone."""
_MOST_SHOWN = 20
_HOUR_SECONDS = 30.0
"""What a small run's calls take on a busy machine: in one hour they are rows enough to leave."""


def play(run: Run) -> None:
    """Let canaries loose in a province of ``size`` calls, and look for them at the center."""
    planting = Planting(run.random)
    # A Unix socket's path has at most 107 characters, and a campaign's folder has a long one.
    with tempfile.TemporaryDirectory(prefix="jz") as short:
        scratch = Path(short)
        with running_center_process(scratch / "c") as center:
            with recording(urlsplit(center.url).port or 0) as recorder:
                with running_province(center, recorder, scratch / "s", scratch / "p") as province:
                    _live(run, province, recorder, planting, urlsplit(center.url).port or 0)
                if CAMPAIGN.has_told(run):
                    return
                _last_rows(run, province, recorder)
            log = center.log
            _search(run, recorder, planting, center)
        _search_log(run, planting, log)


def _live(
    run: Run, province: BorderProvince, recorder: Recorder, planting: Planting, center_port: int
) -> None:
    caller = Caller(province, planting)
    may_leave = corrupt_processes(province, planting)
    logs = write_into_logs(province, planting)
    within_the_hour(_HOUR_SECONDS)
    for number in range(run.size):
        rows = [planting.row(), *(planting.plain_row() for _ in range(run.random.randrange(4)))]
        answer = caller.call(rows)
        if number % 3 == 0:
            caller.judge(answer, len(rows))
        if number % 10 == 0:
            caller.err()
    run.note("called", rows=caller.rows, records=caller.records, refused=caller.refused)
    _await_all(run, province, recorder, caller)
    run.expect(center_port not in province.addresses(), "a process reached the center unrecorded")
    _expect_no_contraband(run, recorder)
    if CAMPAIGN.has_told(run):
        return
    for _ in range(_TAIL):
        caller.call([planting.row()])
    _await_all(run, province, recorder, caller)
    # Longer than a data profile's age when it leaves: what is held back now is too little.
    _crash(province, recorder, planting)
    held = {name for name, is_good in may_leave.items() if not is_good}
    escaped = held & crossed(recorder.received).streams()
    run.expect(not escaped, f"undeclared names crossed: {', '.join(sorted(escaped))}")
    _require_samples(run, province, caller)
    run.report(
        calls=run.size, rows=caller.rows, usage_records=caller.records, refused=caller.refused,
        logs=logs, canaries=len(planting.canaries),
    )  # fmt: skip


def _await_all(run: Run, province: BorderProvince, recorder: Recorder, caller: Caller) -> None:
    """Wait until all that may leave has left, and the rest is known to be held back."""

    def has_left() -> bool:
        found = crossed(recorder.received)
        judged = sum(c["count"] for body in found.of("quality") for c in body["confusion"])
        windows = held_windows(province)
        return (
            len(found.of("usage")) >= caller.records
            and judged >= caller.judged
            and max(windows, default=0) < LEAST_ROWS
            and found.profile_rows + sum(windows) >= caller.rows
        )

    try:
        eventually(has_left, 60 + run.size / 10, pause=0.3)
    except AssertionError:
        found = crossed(recorder.received)
        counts = {kind: len(found.of(kind)) for kind in ("usage", "profile", "quality", "health")}
        raise Void(
            f"of {caller.records} calls, {caller.rows} rows came {counts},"
            f" {found.profile_rows} rows, held {held_windows(province)}"
        ) from None


def _require_samples(run: Run, province: BorderProvince, caller: Caller) -> None:
    """The inference log holds what callers said, in the province, and no sensitive tensor even there.

    Raises:
        Void: It holds little, so that nothing of it could have crossed.
    """
    kept = read_samples(province.folder, last=10 * caller.records)
    if len(kept) < caller.records // 2:
        raise Void(f"the inference log holds {len(kept)} of {caller.records} calls")
    named = {name for sample in kept for name in (*sample["inputs"], *sample["outputs"])}
    run.expect("secret" not in named | {name.removeprefix("o_") for name in named},
               "a sensitive tensor is in the inference log")  # fmt: skip
    run.report(samples=len(kept))


def held_windows(province: BorderProvince) -> list[int]:
    """Count the rows that the agent holds back, hour by hour."""
    return [rows for (rows,) in province.remembered("select rows from profile_sums")]


def _crash(province: BorderProvince, recorder: Recorder, planting: Planting) -> None:
    """Kill the instance, whose log ends with a canary, until a report tells of it; let it recover."""

    def reported() -> list[str]:
        reports = crossed(recorder.received).of("health")
        return [item["health"] for report in reports for item in report["instances"]]

    def is_reported() -> bool:
        for instance in province.instances():
            instance.kill()
        write_into_logs(province, planting)
        return "failed" in reported()

    eventually(is_reported, 60, pause=0.5)
    eventually(lambda: province.http.get(INFER.removesuffix("/infer")).is_success, 60)


def _last_rows(run: Run, province: BorderProvince, recorder: Recorder) -> None:
    """After an orderly stop every row has left in company, or is still in the province."""
    found = crossed(recorder.received)
    held = sum(held_windows(province))
    answered = run.findings.figures["rows"]
    run.expect(
        found.profile_rows + held == answered,
        f"{answered} rows were answered, {found.profile_rows} left and {held} are held back",
    )
    run.report(rows_that_left=found.profile_rows, rows_held_back=held)


def _search(run: Run, recorder: Recorder, planting: Planting, center: CenterProcess) -> None:
    found = crossed(recorder.received)
    if len(found.of("profile")) == 0 or len(found.of("quality")) == 0 or not planting.canaries:
        raise Void("nothing crossed the border")
    _expect_no_contraband(run, recorder)
    scanner = LeakScanner(planting.canaries)
    recorded = {f"connection {n}": stream for n, stream in enumerate(recorder.received)}
    for leak in scanner.scan(recorded)[:_MOST_SHOWN]:
        run.expect(False, f"at the border: {leak}")
    kept = {
        str(path.relative_to(center.data)): path.read_bytes()
        for path in center.data.glob("center.db*")
    }
    for leak in scanner.scan(kept)[:_MOST_SHOWN]:
        run.expect(False, f"at the center: {leak}")
    run.report(**_figures(found, recorder), bytes_kept=sum(map(len, kept.values())))


def _expect_no_contraband(run: Run, recorder: Recorder) -> None:
    for fault in sorted(set(contraband(crossed(recorder.received))))[:_MOST_SHOWN]:
        run.expect(False, fault)


def _figures(found: Crossed, recorder: Recorder) -> dict[str, int]:
    kinds = ("usage", "profile", "quality", "health")
    counts = {f"{kind}_crossed": len(found.of(kind)) for kind in kinds}
    received = recorder.received
    return {**counts, "connections": len(received), "bytes_crossed": sum(map(len, received))}


def _search_log(run: Run, planting: Planting, log: Path) -> None:
    for leak in LeakScanner(planting.canaries).scan({"center.log": log.read_bytes()}):
        run.expect(False, f"in the center's log: {leak}")


CAMPAIGN = Campaign(
    name="closed-borders",
    unit="calls",
    small=40,
    large=600,
    play=play,
    planted=(
        PlantedBug(
            "egress-gate-off",
            "edge_gateway/agent/egress.py",
            "            return self._rules[kind](payload)\n",
            "            return json.loads(payload)\n",
            along=(("edge_gateway/agent/egress.py", "import re\n", "import json\nimport re\n"),),
        ),
        PlantedBug(
            "unknown-members-pass",
            "edge_gateway/agent/egress.py",
            '        return record.model_dump(mode="json")\n',
            '        return {**json.loads(payload), **record.model_dump(mode="json")}\n',
            along=(("edge_gateway/agent/egress.py", "import re\n", "import json\nimport re\n"),),
        ),
        PlantedBug(
            "threshold-off",
            "edge_gateway/agent/egress.py",
            "LEAST_ROWS: Final = 50",
            "LEAST_ROWS: Final = 1",
        ),
        PlantedBug(
            "path-in-usage",
            "edge_gateway/gateway/inference.py",
            "        sizes = b'",
            "        agent = request.head.headers.get(b'user-agent', b'')\n"
            '        record += b\'"user_agent":"%b",\' % agent\n'
            "        sizes = b'",
            along=(
                (
                    "capability_sdk/contracts/telemetry.py",
                    "    latency_us: Count\n",
                    '    latency_us: Count\n    user_agent: str = ""\n',
                ),
            ),
        ),
        PlantedBug(
            "log-line-in-health",
            "scheduler/adapters/instance.py",
            "_why(self._process.last_exit, self._detail))",
            "self._process.spec.log.read_text().splitlines()[-1])",
            along=(
                (
                    "edge_gateway/agent/egress.py",
                    'if word in lowered), "other")',
                    "if word in lowered), text)",
                ),
            ),
        ),
        PlantedBug(
            "whylogs-default-metrics",
            "capability_sdk/profiling/carrier.py",
            "ColumnProfileView({NAMESPACE: AnchoredCounts(tuple(cells))})",
            "ColumnProfileView({NAMESPACE: AnchoredCounts(tuple(cells)),"
            " 'counts': __import__('whylogs.core.metrics', fromlist=['-']).ColumnCountsMetric.zero()})",
            along=(
                (
                    "capability_sdk/profiling/carrier.py",
                    "(component,) = chunk.metric_components.values()",
                    "component = chunk.metric_components[max(chunk.metric_components)]",
                ),
            ),
        ),
        PlantedBug(
            "unseen-category-by-name",
            "capability_sdk/profiling/counters.py",
            "                self._counts[self._starts[index] + cell] += count\n",
            "                self._counts[self._starts[index] + cell] += count\n"
            "                if cell == _UNSEEN:\n"
            "                    UNSEEN.add(text)\n",
            along=(
                (
                    "capability_sdk/profiling/counters.py",
                    "class AnchoredCounters:",
                    "UNSEEN = set()\n\n\nclass AnchoredCounters:",
                ),
                (
                    "capability_sdk/serving/window.py",
                    '"rows": rows, "counts": counts})',
                    '"rows": rows, "counts": counts, "unseen": sorted(UNSEEN)})',
                ),
                (
                    "capability_sdk/serving/window.py",
                    "import AnchoredCounters\n",
                    "import UNSEEN, AnchoredCounters\n",
                ),
                (
                    "edge_gateway/agent/profiles.py",
                    "    counts: dict[str, list[Count]]\n",
                    "    counts: dict[str, list[Count]]\n    unseen: list[str] = []\n",
                ),
                (
                    "edge_gateway/agent/profiles.py",
                    "            if self._fits(delta):\n",
                    "            UNSEEN.update(delta.unseen)\n            if self._fits(delta):\n",
                ),
                (
                    "edge_gateway/agent/profiles.py",
                    "HOUR_SECONDS = 3600\n",
                    "HOUR_SECONDS = 3600\nUNSEEN = set()\n",
                ),
                (
                    "edge_gateway/agent/profiles.py",
                    "                rows=row.rows,\n                anchors",
                    "                rows=row.rows, unseen=sorted(UNSEEN),\n                anchors",
                ),
                (
                    "capability_sdk/contracts/telemetry.py",
                    "    profile: str\n",
                    "    profile: str\n    unseen: list[str] = []\n",
                ),
            ),
        ),
    ),
)
