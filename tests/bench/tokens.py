"""10,000 distinct tokens, never seen before (cold) and seen before (warm): our gateway and Envoy.

``python -m tests.bench.tokens [--rounds 5] [--seconds 3] [--json FILE]``. Each round mints new tokens.
Envoy's JWT cache is given the size of ours here; with the 5,000 entries of the other runs it would
verify every token anew.
"""

import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edge_gateway.gateway.tokens import MAX_REMEMBERED
from tests.bench.anchor import anchor
from tests.bench.gateway import ENVOY, OURS
from tests.bench.load import Call, Load
from tests.bench.ours import province_of, running_gateway
from tests.bench.peers.envoy import running_envoy, tcp
from tests.bench.peers.nginx import ANSWER, static_upstream
from tests.bench.procedure import (
    WARM_UP_SECONDS,
    Candidate,
    Plan,
    Results,
    Windows,
    cpu_seconds,
    measure,
    pin_load,
    say,
    window_of,
)
from tests.bench.proof import prove_policy
from tests.bench.report import Bar, Report, arguments_of, plan_of, publish
from tests.gateway_province import INFER, Province

TOKENS = 10_000
_CONNECTIONS = (64,)
BARS = tuple(Bar(f"{OURS}, {state}", f"{ENVOY}, {state}", 0) for state in ("cold", "warm"))


@dataclass(frozen=True, slots=True)
class _Server:
    name: str
    pid: int
    url: str
    province: Province
    folder: Path

    def prove(self) -> None:
        prove_policy(self.url, INFER, anchor().request, self.province.token())

    def candidate(self, tokens: Sequence[str]) -> Candidate:
        call = Call(INFER, anchor().request, [ANSWER], {}, tokens)
        load = Load(self.folder, self.name.replace(" ", "-"), self.url, call)
        return Candidate(self.name, (self.pid,), load)


def alternate_cold_and_warm(servers: Sequence[_Server], plan: Plan) -> Results:
    """Measure all servers in turn: every token's first use, then all of them again and again."""
    results: Results = {
        f"{server.name}, {state}": {count: Windows() for count in plan.connections}
        for server in servers
        for state in ("cold", "warm")
    }
    pin_load()
    for number in range(plan.rounds):
        for connections in plan.connections:
            for server in servers if number % 2 == 0 else reversed(servers):
                server.candidate([server.province.token()]).load.run(connections, WARM_UP_SECONDS)
                fresh = server.candidate([server.province.token() for _ in range(TOKENS)])
                assert isinstance(fresh.load, Load)  # wrk's: no other load knows tokens
                before = cpu_seconds(fresh.pids)
                seen = fresh.load.run_through(connections)
                cold = window_of(cpu_seconds(fresh.pids) - before, seen)
                results[f"{server.name}, cold"][connections].add(cold)
                warm = measure(fresh, connections, plan.seconds)
                results[f"{server.name}, warm"][connections].add(warm)
        say(f"round {number + 1} of {plan.rounds} done")
    return results


def main() -> int:
    """Measure; return the exit code."""
    arguments = arguments_of(__doc__, connections=_CONNECTIONS)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        upstream = stack.enter_context(static_upstream(folder / "nginx"))
        province = province_of(folder, [f"http://127.0.0.1:{port}" for port in upstream.ports])
        gateway = stack.enter_context(running_gateway(province))
        envoy = stack.enter_context(
            running_envoy(
                folder / "envoy",
                [province.token_key.jwk],
                (tcp(upstream.ports[0]), tcp(upstream.ports[1])),
                jwt_cache=MAX_REMEMBERED,
            )
        )
        servers = [
            _Server(OURS, gateway.pid, gateway.url, province, folder),
            _Server(ENVOY, envoy.pid, envoy.url, province, folder),
        ]
        for server in servers:
            server.prove()
        results = alternate_cold_and_warm(servers, plan_of(arguments))
    return publish(Report(f"Gateway, {TOKENS:,} distinct tokens", results, BARS), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
