"""Unequal nodes under an open load: our dispatch beside round robin and least connections.

``python -m tests.bench.dispatch [--rounds 4] [--seconds 6] [--loads 0.3 0.6] [--json FILE]``. Four nodes
of 20, 20, 10 and 5 % of one core, each with an instance of a light and of a heavy capability; gateways and
load are on the other core. All three are the same gateway, which differs in the rule alone, and get the
same calls at the same times, one after the other in each round. A load is a share of what the nodes can
carry together. From 0.36 on round robin gives the smallest node more than it can, so one load is below.
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

import orjson
import uvloop

from capability_sdk.contracts.state import SubscriptionState
from edge_gateway.gateway.fetching import fetch
from edge_gateway.gateway.upstream import Upstream
from tests.bench.load import LOAD_CORE
from tests.bench.open_load import Kind, Taken, arrivals, load
from tests.bench.procedure import cpu_seconds, pin_load, pinned_to, say
from tests.bench.unequal_nodes import (
    CORES,
    HEAVY,
    LIGHT,
    Instance,
    endpoints,
    limited,
    row,
    running_instances,
)
from tests.gateway_province import APPLICATION, PROVINCE, Province
from tests.servers.process import accepts, running

OURS, ROUND_ROBIN, LEAST = "ours", "round-robin", "least-connections"
BARS = {ROUND_ROBIN: 0.6, LEAST: 0.8}
_HEAVY_SHARE = 0.1
_WARM_UP_SECONDS = 2.0
_PROBES = {LIGHT: 3000, HEAVY: 100}
_FIRST = -20
"""Niceness of gateways and load: on a machine that others use too, they shall not be what is measured."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one contender did in one window; latencies in milliseconds."""

    calls: int
    failed: int
    p50_ms: float
    p99_ms: float
    light_p99_ms: float
    heavy_p99_ms: float
    load_average: float


Results = dict[float, dict[str, list[Window]]]
"""Windows by load and contender."""


def request_of(capability: str, token: str = "") -> bytes:
    """Write a whole request."""
    data = row(capability)
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, len(data)], "data": data}
    body = orjson.dumps({"inputs": [tensor]})
    head = f"POST /v2/models/{capability}/infer HTTP/1.1\r\nhost: g\r\nauthorization: Bearer {token}\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n%b" % (len(body), body)


async def cost(instance: Instance) -> float:
    """Measure the CPU seconds of one call, while nothing limits the instance."""
    upstream = Upstream(instance.address)
    body = request_of(instance.capability).partition(b"\r\n\r\n")[2]
    path = f"/v2/models/{instance.capability}/infer"
    count = _PROBES[instance.capability]
    before = 0.0
    for number in range(count + 10):
        if number == 10:
            before = cpu_seconds([instance.pid])
        answer = await fetch(upstream, "POST", path, body=body)
        assert answer.head.status == 200, answer.body
    upstream.abort()
    return (cpu_seconds([instance.pid]) - before) / count


def start_gateways(
    stack: ExitStack, folder: Path, instances: list[Instance]
) -> dict[str, Province]:
    """Start a gateway for each rule on the load's core; they end with the stack."""
    found: dict[str, Province] = {}
    for name in (OURS, ROUND_ROBIN, LEAST):
        province = found[name] = Province(folder / name / PROVINCE)
        province.deployments = {LIGHT: {"1.0.0": 1}, HEAVY: {"1.0.0": 1}}
        province.subscriptions = {name: _subscription(name) for name in (LIGHT, HEAVY)}
        province.place_endpoints(endpoints(instances))
        province.publish()
        module = ["edge_gateway.gateway"] if name == OURS else ["tests.bench.choosing", name]
        command = [
            *(sys.executable, "-m", *module),
            *("--data", str(province.folder), "--port", str(province.port)),
        ]
        log, is_ready = province.folder / "gateway.log", partial(accepts, province.port)
        with pinned_to(LOAD_CORE):
            stack.enter_context(running(command, log=log, is_ready=is_ready))
    return found


def _subscription(capability: str) -> SubscriptionState:
    """Subscribe without a limit that is met."""
    return SubscriptionState(
        id=f"sub-{capability}",
        application=APPLICATION,
        capability=capability,
        active=True,
        daily_quota=2**50,
        rate_per_second=1e9,
        concurrency=100_000,
    )


def measure(
    provinces: dict[str, Province], rate: float, seconds: float, seed: int
) -> dict[str, Window]:
    """Give every contender the same calls, one after the other."""
    found = {}
    order = list(provinces) if seed % 2 else list(reversed(provinces))
    for name in order:
        province = provinces[name]
        token = province.token(scope=f"infer:{LIGHT} infer:{HEAVY}")
        shares = {LIGHT: 1 - _HEAVY_SHARE, HEAVY: _HEAVY_SHARE}
        kinds = [Kind(kind, request_of(kind, token), part) for kind, part in shares.items()]
        calls = arrivals(kinds, rate, _WARM_UP_SECONDS + seconds, seed)
        taken = uvloop.run(load(f"http://127.0.0.1:{province.port}", calls, _WARM_UP_SECONDS))
        found[name] = _window(taken)
    return found


def _window(taken: Sequence[Taken]) -> Window:
    by_kind = {name: [t.seconds for t in taken if t.kind == name] for name in (LIGHT, HEAVY)}
    every = [item.seconds for item in taken]
    return Window(
        calls=len(taken),
        failed=sum(not item.is_right for item in taken),
        p50_ms=_quantile_ms(every, 0.5),
        p99_ms=_quantile_ms(every, 0.99),
        light_p99_ms=_quantile_ms(by_kind[LIGHT], 0.99),
        heavy_p99_ms=_quantile_ms(by_kind[HEAVY], 0.99),
        load_average=os.getloadavg()[0],
    )


def _quantile_ms(seconds: Sequence[float], share: float) -> float:
    return sorted(seconds)[int(share * len(seconds))] * 1000


def report(results: Results, costs: dict[str, float]) -> tuple[str, bool]:
    """Write the tables; tell whether every bar was held."""
    lines = ["## Dispatch over unequal nodes", ""]
    lines.append(f"- nodes: {', '.join(f'{cores:.0%}' for cores in CORES)} of one core")
    for name, seconds in costs.items():
        lines.append(f"- CPU of a {name} call: {seconds * 1e6:.0f} us")
    lines.append(f"- load average now: {os.getloadavg()[0]:.1f}, of {os.cpu_count()} cores")
    is_held = True
    for share, by_name in results.items():
        lines += ["", f"### {share:.0%} of what the nodes carry", "", _COLUMNS, _RULE]
        lines += [_row(name, windows) for name, windows in by_name.items()]
        lines.append("")
        for name, bar in BARS.items():
            ratio = _p99(by_name[OURS]) / _p99(by_name[name])
            is_held = is_held and ratio <= bar
            verdict = "held" if ratio <= bar else "MISSED"
            lines.append(f"p99 of ours / {name}: {ratio:.2f} (at most {bar}: {verdict})")
    return "\n".join((*lines, "")), is_held


_COLUMNS = "| rule | p99 ms, median (range) | p50 ms | light p99 | heavy p99 | calls (failed) | load average |"
_RULE = "|---|---|---|---|---|---|---|"


def _row(name: str, windows: Sequence[Window]) -> str:
    p99 = [window.p99_ms for window in windows]
    middle = [
        median(getattr(window, field) for window in windows)
        for field in ("p50_ms", "light_p99_ms", "heavy_p99_ms")
    ]
    calls, failed = sum(w.calls for w in windows), sum(w.failed for w in windows)
    return (
        f"| {name} | {_p99(windows):.1f} ({min(p99):.1f} to {max(p99):.1f})"
        f" | {' | '.join(f'{value:.1f}' for value in middle)} | {calls} ({failed})"
        f" | {max(window.load_average for window in windows):.1f} |"
    )


def _p99(windows: Sequence[Window]) -> float:
    return median(window.p99_ms for window in windows)


def arguments() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--loads", type=float, nargs="+", default=[0.3, 0.6])
    parser.add_argument("--json", type=Path, help="where to write all windows")
    return parser.parse_args()


def run(given: Namespace) -> tuple[Results, dict[str, float]]:
    """Start everything and measure all rounds."""
    results: Results = {share: {n: [] for n in (OURS, ROUND_ROBIN, LEAST)} for share in given.loads}
    with tempfile.TemporaryDirectory(prefix="jz-") as name, ExitStack() as stack:
        folder = Path(name)
        instances = stack.enter_context(running_instances(folder))
        pin_load()
        costs = {item.capability: asyncio.run(cost(item)) for item in instances[:2]}
        mean = costs[LIGHT] * (1 - _HEAVY_SHARE) + costs[HEAVY] * _HEAVY_SHARE
        stack.enter_context(limited(instances))
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, _FIRST)
        provinces = start_gateways(stack, folder, instances)
        for number in range(given.rounds):
            for share in given.loads:
                rate = share * sum(CORES) / mean
                windows = measure(provinces, rate, given.seconds, number)
                for rule, window in windows.items():
                    results[share][rule].append(window)
            say(f"round {number + 1} of {given.rounds} done")
    return results, costs


def main() -> int:
    """Measure; return the exit code: 1 where a bar was missed."""
    given = arguments()
    results, costs = run(given)
    text, is_held = report(results, costs)
    sys.stdout.write(text)
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        plain = {
            share: {name: [asdict(w) for w in windows] for name, windows in by_name.items()}
            for share, by_name in results.items()
        }
        given.json.write_text(json.dumps({"costs": costs, "results": plain}, indent=1))
    return 0 if is_held else 1


if __name__ == "__main__":
    sys.exit(main())
