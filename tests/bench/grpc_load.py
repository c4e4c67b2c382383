"""A load over gRPC: so many calls in flight at once on one channel, each answer checked.

Requests and answers stay bytes, so that the load is as cheap as Python's gRPC can be. It runs in this
process, which `procedure.alternate` keeps off the servers' core.
"""

import asyncio
import time
from dataclasses import dataclass, field

import grpc

from tests.bench.load import Seen

_METHOD = "/inference.GRPCInferenceService/ModelInfer"


@dataclass(slots=True)
class _Tally:
    wrong: int = 0
    errors: int = 0
    took: list[float] = field(default_factory=list)


class GrpcLoad:
    """A prepared load on one address."""

    def __init__(self, target: str, request: bytes) -> None:
        """Ask once, for the answer that is right from then on.

        Args:
            target: ``host:port`` or ``unix:/path``.
            request: A serialized ``ModelInferRequest``.
        """
        self._target = target
        self._request = request
        with grpc.insecure_channel(target) as channel:
            self.answer: bytes = channel.unary_unary(_METHOD)(request, timeout=30)

    def run(self, connections: int, seconds: int) -> Seen:
        """Load for some seconds with as many calls in flight as there would be connections."""
        tally = _Tally()
        began = time.perf_counter()
        asyncio.run(self._load(connections, began + seconds, tally))
        elapsed = time.perf_counter() - began
        took = sorted(tally.took)
        p50, p99 = (int(took[int(len(took) * part)] * 1e6) if took else 0 for part in (0.5, 0.99))
        return Seen(len(took), tally.wrong, tally.errors, elapsed, p50, p99)

    async def _load(self, calls: int, until: float, tally: _Tally) -> None:
        async with grpc.aio.insecure_channel(self._target) as channel:
            ask = channel.unary_unary(_METHOD)
            await asyncio.gather(*(self._ask(ask, until, tally) for _ in range(calls)))

    async def _ask(
        self, ask: grpc.aio.UnaryUnaryMultiCallable, until: float, tally: _Tally
    ) -> None:
        while (began := time.perf_counter()) < until:
            try:
                answer = await ask(self._request, timeout=30)
            except grpc.aio.AioRpcError:
                tally.errors += 1
                continue
            tally.wrong += answer != self.answer
            tally.took.append(time.perf_counter() - began)
