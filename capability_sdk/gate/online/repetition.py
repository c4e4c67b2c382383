"""Is an answer a function of its request alone, whichever replica gives it?

The replicas share the calls in an order that nobody chose: what one of them remembered of earlier
calls makes its answer another than the other's, or than its own a moment before.
"""

import asyncio
import random
from collections.abc import Sequence

from capability_sdk.contracts.packages import Check, Figure, Section
from capability_sdk.gate.cases import Outputs, alike
from capability_sdk.gate.online.calls import Case, outputs_of
from capability_sdk.gate.online.wire import Gateway

REPLICAS = 2
_MOST_CASES = 16
_LEAST_CALLS = 96
_AT_ONCE = 8
_CURE = "Keep nothing between requests: no counters, caches of inputs, or files."


async def check_statelessness(gateway: Gateway, cases: Sequence[Case]) -> Check:
    """Call replicas with samples interleaved, one by one and at once, again and again.

    Raises:
        NoAnswer: The gateway stopped to answer.
    """
    chosen = list(cases[:_MOST_CASES])
    rounds = -(-_LEAST_CALLS // (2 * len(chosen)))
    order = chosen * rounds
    random.Random(7).shuffle(order)  # noqa: S311 - an order, not a secret
    first: dict[str, Outputs | None] = {}
    changed: dict[str, int] = {}
    place = 0
    # In a row first, where each answer can depend on the one before; then eight at once.
    for width in (1, _AT_ONCE):
        for begin in range(0, len(order), width):
            batch = order[begin : begin + width]
            for case, outputs in zip(batch, await _answers(gateway, batch), strict=True):
                place += 1
                known = first.setdefault(case.name, outputs)
                if outputs is None or known is None or not alike(known, outputs):
                    changed.setdefault(case.name, place)
    return _verdict(changed, place)


async def _answers(gateway: Gateway, cases: Sequence[Case]) -> list[Outputs | None]:
    return await asyncio.gather(*(_answer(gateway, case) for case in cases))


async def _answer(gateway: Gateway, case: Case) -> Outputs | None:
    answer = await gateway.ask(case.plain)
    try:
        return outputs_of(answer)
    except ValueError:
        return None


def _verdict(changed: dict[str, int], calls: int) -> Check:
    name, place = next(iter(changed.items()), ("", 0))
    found = f"{name} got another answer, or none, at call {place} of {calls} than at its first"
    good = f"{calls} interleaved and repeated calls over {REPLICAS} replicas: one answer each"
    return Check(
        name="proving-statelessness",
        section=Section.STATELESSNESS,
        passed=not changed,
        detail=found if changed else good,
        cure=_CURE if changed else "",
        figures=[
            Figure(name="requests", value=calls),
            Figure(name="samples_changed", value=len(changed), limit=0),
        ],
    )
