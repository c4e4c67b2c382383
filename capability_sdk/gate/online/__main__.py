"""``python -m capability_sdk.gate.online``: reads an `Order` from standard input, prints an `Outcome`.

A process of its own: what else its parent does would show in the latencies, and its memory ends with it.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Sequence
from pathlib import Path

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import Check
from capability_sdk.gate.online.calls import Case, case_of
from capability_sdk.gate.online.integration import check_integration
from capability_sdk.gate.online.load import check_load
from capability_sdk.gate.online.order import Order, Outcome
from capability_sdk.gate.online.repetition import check_statelessness
from capability_sdk.gate.online.wire import Gateway, NoAnswer
from capability_sdk.packaging.archive import unpack
from capability_sdk.packaging.samples import read_samples


async def judge(order: Order, manifest: Manifest, cases: Sequence[Case]) -> Outcome:
    """Run every check, unless the version does not even do what its samples say.

    Raises:
        NoAnswer: The gateway stopped to answer.
    """
    async with Gateway(order.gateway_url, order.token) as gateway:
        checks = [await _timed(check_integration(gateway, manifest, order.digests, cases))]
        if checks[0].passed:
            checks.append(await _timed(check_statelessness(gateway, cases)))
            checks.append(await _timed(check_load(gateway, manifest.objectives, cases)))
        return Outcome(checks=checks, answered=gateway.answered)


async def _timed(work: Awaitable[Check]) -> Check:
    began = time.perf_counter()
    check = await work
    return check.model_copy(update={"seconds": round(time.perf_counter() - began, 3)})


def main() -> int:
    """Judge what standard input orders; return the exit code."""
    order = Order.model_validate_json(sys.stdin.buffer.read())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "package"
        manifest = unpack(Path(order.archive), folder).manifest
        samples = read_samples(folder, [])
    cases = [case_of(manifest, name, sample) for name, sample in samples.items()]
    try:
        outcome = asyncio.run(judge(order, manifest, cases))
    except NoAnswer as error:
        sys.stderr.write(f"the gateway stopped to answer: {error}\n")
        return 1
    sys.stdout.write(outcome.model_dump_json() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
