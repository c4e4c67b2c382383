"""The whole way on one core: gateway and instances beside Envoy and tritonserver.

``python -m tests.bench.way [--rounds 5] [--seconds 3] [--json FILE]``. Ours is as shipped: the gateway
splits 90 to 10 over two instances on Unix sockets. Envoy's two clusters are one tritonserver, which
can so fill its batches: the better of two ways for it.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench.anchor import Anchor, anchor, write_anchor_package
from tests.bench.load import Call, Load
from tests.bench.ours import VERSIONS, province_of, running_gateway, running_instance
from tests.bench.peers.envoy import running_envoy, tcp
from tests.bench.peers.triton import MODEL, running_triton
from tests.bench.procedure import Candidate, alternate
from tests.bench.proof import prove_model, prove_policy
from tests.bench.report import Bar, Report, arguments_of, plan_of, publish
from tests.gateway_province import Province

_PATH = f"/v2/models/{MODEL}/infer"
OURS, PEERS = "jiuzhou gateway and serving", "envoy and triton"
_BAR = Bar(OURS, PEERS, 0)


def candidates(stack: ExitStack, folder: Path, model: Anchor) -> list[Candidate]:
    """Start both ways; they end with the stack."""
    instances = []
    for number in VERSIONS:
        package = write_anchor_package(folder / f"package-{number}", number=number)
        place = folder / f"instance-{number}"
        instances.append(stack.enter_context(running_instance(package, place)))
    province = province_of(folder, [item.url for item in instances], capability=MODEL)
    gateway = stack.enter_context(running_gateway(province))
    triton = stack.enter_context(running_triton(folder / "triton", model.onnx))
    pair = (tcp(triton.port), tcp(triton.port))
    envoy = stack.enter_context(running_envoy(folder / "envoy", [province.token_key.jwk], pair))
    ours = (gateway.pid, *(item.pid for item in instances))
    return [
        _candidate(OURS, ours, gateway.url, folder, province, model),
        _candidate(PEERS, (envoy.pid, triton.pid), envoy.url, folder, province, model),
    ]


def _candidate(
    name: str, pids: tuple[int, ...], url: str, folder: Path, province: Province, model: Anchor
) -> Candidate:
    token = province.token(scope=f"infer:{MODEL}")
    answer = prove_model(prove_policy(url, _PATH, model.request, token), model)
    headers = {"Authorization": f"Bearer {token}"}
    # An answer of ours names the version that gave it.
    named = next((f'"{number}"' for number in VERSIONS if f'"{number}"' in answer), None)
    answers = [answer.replace(named, f'"{v}"') for v in VERSIONS] if named else [answer]
    call = Call(_PATH, model.request, answers, headers)
    return Candidate(name, pids, Load(folder, name.replace(" ", "-"), url, call))


def main() -> int:
    """Measure; return the exit code."""
    arguments = arguments_of(__doc__)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        started = candidates(stack, Path(name), anchor())
        results = alternate(started, plan_of(arguments))
    return publish(Report("The whole way on one core", results, (_BAR,)), arguments.json)


if __name__ == "__main__":
    sys.exit(main())
