"""Weights are swapped again and again under an open load: no call fails, none is answered mixed (R061).

Each version multiplies by a factor of its own, so an answer's value tells which weights made it.
Besides, weights that are not those of their digest are deployed once in a run: they must never serve.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.campaigns.weight_swaps.load import Answer, OpenLoad
from tests.campaigns.weight_swaps.world import SwapWorld, Weights, running_world
from tests.gateway_province import bearer
from tests.integration.serving_process import CAPABILITY
from tests.waiting import eventually

_PATH = f"/v2/models/{CAPABILITY}/infer"
_SMALL, _LARGE = 4, 50
_RATE = 100.0
_QUIET_SECONDS = {True: 1.0, False: 20.0}
_NUMBERS = {True: 250_000, False: 2_500_000}
"""Numbers in a model, of four bytes each."""
_MOST_TIMES = 2.0
_OK = 200


@dataclass
class _Swaps:
    """One run of swaps: the ledger is what the scheduler said, at any time, that instances run."""

    run: Run
    world: SwapWorld
    current: Weights
    windows: list[tuple[float, float]] = field(default_factory=list)
    ledger: set[tuple[str, str, str]] = field(default_factory=set)

    def begin(self) -> None:
        self.world.desire({self.current: 1})
        self._await([self.current])

    def play(self, load: OpenLoad) -> None:
        for number in range(1, self.run.size + 1):
            coming = self.world.package(number)  # whoever trains does not do it here
            began = time.monotonic()
            self._swap_to(coming, number, load)
            self.windows.append((began, time.monotonic()))
        self._refuse(self.world.package(self.run.size + 1, is_tampered=True))

    def _swap_to(self, coming: Weights, number: int, load: OpenLoad) -> None:
        """Swap as a careful operator does, or at once, as often as not."""
        world, old, chance = self.world, self.current, self.run.random
        is_gradual = number % 2 == 0
        if is_gradual:
            world.desire({old: 1, coming: 1})
            self._await([old, coming])
            time.sleep(chance.uniform(0.05, 0.3))
        world.desire({coming: 1})
        self._await([coming])
        eventually(lambda: load.latest_version == coming.version)
        time.sleep(chance.uniform(0.0, 0.5))
        self.current = coming
        self.run.note("swap", version=coming.version, is_gradual=is_gradual)

    def _await(self, announced: Sequence[Weights]) -> None:
        versions = sorted(item.version for item in announced)
        eventually(lambda: sorted(self.world.scheduler.versions()) == versions)
        self._note_ledger()

    def _refuse(self, tampered: Weights) -> None:
        """Deploy files that are not those of their digest: they fail, and what serves goes on."""
        self.world.desire({tampered: 1})
        ended = eventually(lambda: self._health(tampered) in {"failed", "ready"})
        self.run.expect(
            ended and self._health(tampered) == "failed", "tampered weights came into service"
        )
        self._note_ledger()
        time.sleep(0.2)
        self.world.desire({self.current: 1})
        self._await([self.current])

    def _health(self, weights: Weights) -> str:
        found = {item["version"]: item["health"] for item in self.world.scheduler.instances()}
        return str(found.get(weights.version, ""))

    def _note_ledger(self) -> None:
        names = ("version", "code_digest", "weights_digest")
        lines = self.world.scheduler.instances()
        self.ledger |= {(item[names[0]], item[names[1]], item[names[2]]) for item in lines}


def play(run: Run) -> None:
    """Swap ``run.size`` times, and try to serve tampered weights once."""
    is_small = run.size <= _SMALL
    with running_world(_NUMBERS[is_small]) as world:
        swaps = _Swaps(run, world, world.package(0))
        swaps.begin()
        pids, memory = world.scheduler.pids(), world.memory_mib()
        token = world.province.token(scope=f"infer:{CAPABILITY}")
        eventually(lambda: _is_answered(world, token))
        with OpenLoad(world.gateway.url, _PATH, token, _RATE) as load:
            time.sleep(_QUIET_SECONDS[is_small])
            swaps.play(load)
        run.expect(world.scheduler.pids() == pids, "the process of the instance was replaced")
        run.report(memory_mib=[memory, world.memory_mib()])
    _judge(run, world, swaps.ledger, load.answers)
    _time(run, load.answers, swaps.windows, is_verdict=not is_small)


def _is_answered(world: SwapWorld, token: str) -> bool:
    item = {"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [1.0]}
    answer = httpx.post(world.gateway.url + _PATH, json={"inputs": [item]}, headers=bearer(token))
    return answer.status_code == _OK


def _judge(
    run: Run, world: SwapWorld, ledger: set[tuple[str, str, str]], answers: Sequence[Answer]
) -> None:
    good = [answer for answer in answers if answer.status == _OK]
    served = Counter(answer.named[0] for answer in good)
    if len(served) < run.size:
        raise Void(f"only {len(served)} versions answered at all: {served}")
    failed = Counter((a.status, a.text[:200]) for a in answers if a.status != _OK)
    run.report(swaps=run.size, calls=len(answers), failed=sum(failed.values()))
    for (status, text), count in failed.items():
        run.expect(False, f"{count} calls failed: {status} {text}")
    mixed = [answer for answer in good if not _is_whole(answer, world.known)]
    run.expect(not mixed, f"{len(mixed)} mixed answers, such as {mixed[:1]}")
    lines = {answer.named[1:] for answer in good}
    run.expect(lines <= ledger, f"answers name what the ledger does not have: {lines - ledger}")
    digests = Counter(digest for _, _, digest in ledger)
    run.expect(set(digests.values()) == {1}, f"a digest has several ledger entries: {ledger}")
    codes = {code for _, code, _ in lines}
    run.expect(len(codes) == 1, f"the code digest did not stay the same: {codes}")


def _is_whole(answer: Answer, known: dict[str, Weights]) -> bool:
    """Whether body, head, digest and value are all of one version."""
    in_body, in_head, _, digest = answer.named
    weights = known[in_body]
    is_computed = answer.got == answer.asked * weights.factor
    return in_head == in_body and digest == weights.digest and is_computed


def _time(
    run: Run,
    answers: Sequence[Answer],
    windows: Sequence[tuple[float, float]],
    *,
    is_verdict: bool,
) -> None:
    first = windows[0][0]
    before = _p99([a.seconds for a in answers if a.at < first])
    during = _p99([a.seconds for a in answers if any(b <= a.at <= e for b, e in windows)])
    times = during / before
    run.report(p99_before_ms=round(before * 1e3, 2), p99_during_ms=round(during * 1e3, 2))
    run.report(p99_times=round(times, 2))
    if is_verdict:
        run.expect(times <= _MOST_TIMES, f"p99 during swaps is {times:.2f} x that of before")


def _p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)]


_SWAPPING = "capability_sdk/serving/swapping.py"

PLANTED = (
    PlantedBug(
        "unload-before-load",
        _SWAPPING,
        "                _require_equal_code(peer, wanted)\n",
        "                _require_equal_code(peer, wanted)\n"
        "                await self._repository.remove(peer.name, peer.version)\n",
    ),
    PlantedBug(
        "new-digest-with-the-old-session",
        "capability_sdk/serving/repository.py",
        "            package.engine,\n",
        "            next((m.package.engine for m in self.served.values()), package.engine),\n",
    ),
    PlantedBug(
        "no-drain",
        "scheduler/reconcile/loop.py",
        "        await asyncio.sleep(self._drain_seconds)\n",
        "        await asyncio.sleep(0)\n",
    ),
    PlantedBug(
        "digests-unverified",
        "capability_sdk/serving/package.py",
        "        if expected != actual:\n",
        "        if not actual:\n",
    ),
)

CAMPAIGN = Campaign(
    name="weight-swaps",
    unit="swaps",
    small=_SMALL,
    large=_LARGE,
    planted=PLANTED,
    play=play,
)
