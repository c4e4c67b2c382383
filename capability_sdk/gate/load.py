"""What a whole instance costs under load: requests over its socket, on some connections at once."""

import time
from contextlib import ExitStack

from capability_sdk.contracts.passport import RequestPoint
from capability_sdk.gate.instance import Instance
from capability_sdk.gate.wire import Answer, NoAnswer

_WARM_UP = 1
_FEWEST_ROUNDS = 5
_LONGEST = 3
"""A slow model has fewer rounds, and up to so many times the seconds."""
_OK = 200
_TAIL = 0.99


def measure_requests(
    instance: Instance, request: bytes, *, rows: int, connections: int, seconds: float
) -> RequestPoint:
    """Load an instance with one request, on every connection the next when all are answered.

    Args:
        instance: To be loaded; nobody else calls it.
        request: The bytes of a request.
        rows: Rows of that request.
        connections: Connections at once.
        seconds: How long.

    Raises:
        NoAnswer: It stopped to answer, or refused.
    """
    took: list[float] = []
    with ExitStack() as stack:
        wires = [stack.enter_context(instance.connect()) for _ in range(connections)]
        for round_ in range(-_WARM_UP, 1 << 30):
            if round_ == 0:
                before, began = instance.usage(), time.perf_counter()
            sent = time.perf_counter()
            for wire in wires:
                wire.send(request)
            for wire in wires:
                _require_success(wire.receive())
                took.append(time.perf_counter() - sent)
            if round_ < 0:
                continue
            lasted = time.perf_counter() - began
            if lasted > (seconds if round_ >= _FEWEST_ROUNDS else seconds * _LONGEST):
                break
        after = instance.usage()
    # A worker that crashed meanwhile took its CPU time with it.
    cpu_seconds = max(after.cpu_seconds - before.cpu_seconds, 0.0)
    took = sorted(took[_WARM_UP * connections :])
    return RequestPoint(
        rows=rows,
        connections=connections,
        latency_p50_ms=round(took[len(took) // 2] * 1e3, 4),
        latency_p99_ms=round(took[int(len(took) * _TAIL)] * 1e3, 4),
        requests_per_second=round(len(took) / lasted, 1),
        cpu_microseconds_per_request=round(cpu_seconds / len(took) * 1e6, 3),
    )


def _require_success(answer: Answer) -> None:
    if answer.status != _OK:
        raise NoAnswer(f"a request under load was answered with {answer.status}")
