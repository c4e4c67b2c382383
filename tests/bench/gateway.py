"""The gateway beside Envoy with the same policy, before a static upstream of nginx.

``python -m tests.bench.gateway [--rounds 5] [--seconds 3] [--json FILE]``. Both speak to the upstream
by TCP, as the reference procedure says; as they are shipped (instances on Unix sockets) is measured
besides. Without metering: what the books cost.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.anchor import anchor
from tests.bench.load import Call, Load
from tests.bench.ours import province_of, running_gateway
from tests.bench.peers.envoy import pipe, running_envoy, tcp
from tests.bench.peers.nginx import ANSWER, StaticUpstream, static_upstream
from tests.bench.procedure import Candidate, alternate
from tests.bench.proof import prove_policy
from tests.bench.report import Bar, Report, arguments_of, plan_of, publish
from tests.gateway_province import INFER, Province

OURS, ENVOY = "jiuzhou gateway", "envoy"
OURS_UNIX, ENVOY_UNIX = "jiuzhou gateway, Unix upstream", "envoy, Unix upstream"
UNMETERED = "jiuzhou gateway, no metering"
BARS = (
    Bar(OURS, ENVOY, 1.5),
    Bar(OURS_UNIX, ENVOY_UNIX, 1.5),
    Bar(OURS, UNMETERED, 0),
)


def candidates(stack: ExitStack, folder: Path, upstream: StaticUpstream) -> list[Candidate]:
    """Start all candidates; they end with the stack."""
    ports, sockets = upstream.ports, upstream.sockets
    by_tcp = [f"http://127.0.0.1:{port}" for port in ports]
    by_unix = [f"unix:{path}" for path in sockets]
    provinces = {
        OURS: province_of(folder / "tcp", by_tcp),
        OURS_UNIX: province_of(folder / "unix", by_unix),
        UNMETERED: province_of(folder / "unmetered", by_tcp),
    }
    found = {}
    for name, province in provinces.items():
        module = "tests.bench.unmetered" if name == UNMETERED else "edge_gateway.gateway"
        gateway = stack.enter_context(running_gateway(province, module))
        found[name] = _candidate(name, gateway.pid, gateway.url, folder, province)
    keys = provinces[OURS]
    addresses = {
        ENVOY: (tcp(ports[0]), tcp(ports[1])),
        ENVOY_UNIX: (pipe(sockets[0]), pipe(sockets[1])),
    }
    for name, pair in addresses.items():
        place = folder / name.replace(" ", "-")
        envoy = stack.enter_context(running_envoy(place, [keys.token_key.jwk], pair))
        found[name] = _candidate(name, envoy.pid, envoy.url, folder, keys)
    return [found[name] for name in (OURS, ENVOY, OURS_UNIX, ENVOY_UNIX, UNMETERED)]


def _candidate(name: str, pid: int, url: str, folder: Path, province: Province) -> Candidate:
    body, token = anchor().request, province.token()
    if prove_policy(url, INFER, body, token) != ANSWER:
        raise SystemExit(f"{name} changes the answer")
    call = Call(INFER, body, [ANSWER], {"Authorization": f"Bearer {token}"})
    return Candidate(name, (pid,), Load(folder, name.replace(" ", "-"), url, call))


def main() -> int:
    """Measure; return the exit code."""
    arguments = arguments_of(__doc__)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        upstream = stack.enter_context(static_upstream(folder / "nginx"))
        started = candidates(stack, folder, upstream)
        wanted = [c for c in started if not arguments.only or c.name in arguments.only]
        results = alternate(wanted, plan_of(arguments))
    return publish(Report("Gateway", results, BARS), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
