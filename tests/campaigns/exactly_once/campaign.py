"""Exactly once: what was answered is counted once, whatever dies or goes astray in between.

While callers call two provinces, the center, each gateway and each agent are killed with SIGKILL
and started again, and the link between edges and center repeats, reorders, delays, tears and loses
batches and acknowledgements. Afterwards the callers' access logs, the gateways' spools, the
center's single calls and its totals must tell the same, and the predictions that instances
journalled must be counted once as well: they only ever add up, so nothing but the watermark
protects them.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from tests.campaigns.exactly_once import books
from tests.campaigns.exactly_once.planted import PLANTED
from tests.campaigns.exactly_once.traffic import CLIENTS, Traffic
from tests.campaigns.exactly_once.world import Process, Province, World, running_world
from tests.campaigns.harness import Campaign, Run, Void
from tests.e2e.harness import Person

_LARGE = 5000
_LEAST_ANSWERED = 10
"""Answers between two kills, at least, or the run says nothing."""

_CUT_SECONDS = 10.0
"""How long the link stays cut where the last calls do not come, as from an agent that gave up."""

_ACT_SECONDS = 60.0
_TRICKLE_SECONDS = 0.1
_HURRIED = 8 * CLIENTS
"""Calls added when a gateway is killed, so that it dies busy."""

_KILL_AFTER = 0.01
"""Longest time in seconds from an answer to the kill of its gateway; often it is none."""

_DRAIN_SECONDS = 40.0

Act = Callable[[], Awaitable[None]]


class Attack:
    """One run: traffic in stretches, with one kill in the middle of each."""

    def __init__(self, run: Run, world: World) -> None:
        self._run = run
        self._world = world
        self._were_last_calls_stopped = False
        self._traffics = [
            Traffic(province, run.random.randrange(2**32)) for province in world.provinces
        ]

    async def play(self) -> None:
        """Attack, mend, wait for the last record, and compare the books."""
        acts = self._acts()
        stretch = self._run.size // len(self._traffics) // (len(acts) + 1)
        rest = self._run.size // len(self._traffics) - stretch * len(acts)
        self._world.link.is_hostile = True
        try:
            async with asyncio.TaskGroup() as group:
                for traffic in self._traffics:
                    group.create_task(traffic.run())
                for act in acts:
                    await self._stretch(stretch, act)
                await self._stretch(rest, self._cut)
                for traffic in self._traffics:
                    traffic.budget.end()
        except* Void as voids:
            raise Void(str(voids.exceptions[0])) from voids
        await self._mend()
        await asyncio.to_thread(self._compare)

    def _acts(self) -> list[Act]:
        """Choose the kills and their order; the center dies in the midst of its work."""
        random = self._run.random
        moments = ["acknowledged", "forwarded"]
        dying = list(self._traffics)
        if self._run.size >= _LARGE:
            moments.append(random.choice(moments))
        else:
            random.shuffle(dying)
            dying = dying[:1]
        acts: list[Act] = [self._center_kill(moment) for moment in moments]
        acts += [self._gateway_kill(traffic) for traffic in dying]
        acts += [self._agent_kill(traffic.province) for traffic in dying]
        random.shuffle(acts)
        return acts

    async def _stretch(self, calls: int, act: Act) -> None:
        before = self._answered()
        for traffic in self._traffics:
            traffic.budget.allow(calls)
        await asyncio.gather(*(traffic.until_spent(calls // 2) for traffic in self._traffics))
        await act()
        await asyncio.gather(*(traffic.until_spent() for traffic in self._traffics))
        answered = self._answered() - before
        if answered < _LEAST_ANSWERED * len(self._traffics):
            raise Void(f"only {answered} calls were answered between two kills")

    def _answered(self) -> int:
        return sum(len(traffic.log.answered) for traffic in self._traffics)

    # --- kills ----------------------------------------------------------------------------------

    def _center_kill(self, moment: str) -> Act:
        async def act() -> None:
            center = self._world.center
            killed = self._world.link.at_next(moment, center.kill)
            await self._call_until(killed.is_set, f"no batch was {moment}")
            self._run.note("killed", what="center", when=moment)
            await asyncio.to_thread(center.reap)
            self._check_acknowledged()
            await self._restart(center)

        return act

    async def _call_until(self, happened: Callable[[], bool], otherwise: str) -> None:
        """Let calls trickle in, for what is waited for comes with new calls only."""
        limit = time.monotonic() + _ACT_SECONDS
        while not happened():
            if time.monotonic() > limit:
                raise Void(f"{otherwise} within {_ACT_SECONDS} s")
            for traffic in self._traffics:
                traffic.budget.allow(1)
            await asyncio.sleep(_TRICKLE_SECONDS)

    def _check_acknowledged(self) -> None:
        """What the center acknowledged stands in its database, though it was killed."""
        durable = books.applied(self._world.database)
        for stream, acknowledged in self._world.link.acknowledged.items():
            self._run.expect(
                durable.get(stream, 0) >= acknowledged,
                f"the center acknowledged {stream} through {acknowledged}, and when it was killed"
                f" it had applied {durable.get(stream, 0)}",
            )

    def _gateway_kill(self, traffic: Traffic) -> Act:
        async def act() -> None:
            gateway = traffic.province.gateway
            killed = asyncio.Event()

            def kill() -> None:
                gateway.kill()
                traffic.log.in_flight_at_kills += traffic.log.in_flight
                killed.set()

            pause = self._run.random.choice((0.0, self._run.random.uniform(0.0, _KILL_AFTER)))
            loop = asyncio.get_running_loop()
            traffic.log.on_answer = kill if pause == 0 else partial(loop.call_later, pause, kill)
            traffic.is_hurried = True
            traffic.budget.allow(_HURRIED)
            async with asyncio.timeout(_ACT_SECONDS):
                await killed.wait()
            self._run.note("killed", what=f"gateway of {traffic.province.name}")
            traffic.is_hurried = False
            await asyncio.to_thread(gateway.reap)
            await self._restart(gateway)

        return act

    def _agent_kill(self, province: Province) -> Act:
        async def act() -> None:
            province.agent.kill()
            self._run.note("killed", what=f"agent of {province.name}")
            await asyncio.to_thread(province.agent.reap)
            await self._restart(province.agent)

        return act

    async def _restart(self, process: Process) -> None:
        await asyncio.sleep(self._run.random.uniform(0.0, 0.3))
        await asyncio.to_thread(process.start)

    # --- the end --------------------------------------------------------------------------------

    async def _cut(self) -> None:
        """Cut the link while the last calls are made."""
        link = self._world.link
        edges = {province.edge for province in self._world.provinces}
        before = len(link.seen)
        # An agent that was just started has first to be known to the center again.
        await self._call_until(lambda: edges <= link.edges_heard(before), "an agent sent nothing")
        link.is_cut = True

    async def _mend(self) -> None:
        link = self._world.link
        for province in self._world.provinces:
            # So it writes down whom it turned away last.
            await asyncio.to_thread(province.gateway.stop)
        await self._stop_last_calls()
        link.is_cut_for_calls = link.is_hostile = False
        began = time.monotonic()
        for province in self._world.provinces:
            limit = began + _DRAIN_SECONDS + self._run.size / 200
            while not await asyncio.to_thread(books.has_shipped, province):
                if CAMPAIGN.has_told(self._run):
                    break
                if time.monotonic() > limit:
                    self._run.expect(False, f"{province.name} did not ship everything")
                    break
                await asyncio.sleep(0.1)
        self._run.report(**{"drained within s": round(time.monotonic() - began, 1)})
        await asyncio.to_thread(link.settle)
        repeated = await asyncio.to_thread(link.repeat_everything)
        self._run.report(**{"batches repeated at the end": repeated})

    async def _stop_last_calls(self) -> None:
        """Have the last calls of each edge lost on their way: nothing that follows shows the gap.

        An agent tries its streams in turn and begins anew where one fails: the others are let
        through, or calls would not come to their turn.
        """
        link = self._world.link
        link.is_cut_for_calls, link.is_cut = True, False
        limit = time.monotonic() + _CUT_SECONDS
        while time.monotonic() < limit and not self._were_last_calls_stopped:
            self._were_last_calls_stopped = await asyncio.to_thread(self._has_stopped_last_calls)
            await asyncio.sleep(0.05)

    def _has_stopped_last_calls(self) -> bool:
        for province in self._world.provinces:
            epoch, last = books.last_call(province)
            stopped = self._world.link.stopped.get((province.edge, "usage-0", epoch), 0)
            # One batch takes the end of a small run with it; in a large one calls pile up.
            if stopped < (last if self._run.size < _LARGE else 1):
                return False
        return True

    def _compare(self) -> None:
        for traffic in self._traffics:
            province = traffic.province
            found = books.compare(
                *(self._run, province.name, traffic.log, books.read_books(self._world, province)),
                was_killed=province.gateway.kills > 0,
            )
            if not self._run.findings.violations:
                found["reconciled"] = self._reconcile(province)
            self._run.report(**{province.name: found})
        kills = {"center": self._world.center.kills}
        for province in self._world.provinces:
            kills[f"gateway of {province.name}"] = province.gateway.kills
            kills[f"agent of {province.name}"] = province.agent.kills
        self._run.report(kills=kills, fates=dict(sorted(self._world.link.happened.items())))
        if not any(429 in traffic.log.refused.values() for traffic in self._traffics):
            raise Void("no call was turned away")
        if not self._were_last_calls_stopped and not self._run.findings.violations:
            raise Void("the last calls were not stopped by the cut link")

    def _reconcile(self, province: Province) -> bool:
        """Let the operator compare the books with the command that the product has for it."""
        home = self._run.folder / "homes" / province.name
        home.mkdir(parents=True)
        account = {"center": self._world.center_url, "name": "operator", "token": province.operator}
        (home / "account.json").write_text(json.dumps(account))
        arguments = ("edge", "reconcile", "--data", str(province.folder), "--json")
        outcome = Person(home).tries(*arguments)
        self._run.expect(outcome.code == 0, f"{province.name}: {outcome.out}{outcome.err}")
        return outcome.code == 0


def play(run: Run) -> None:
    """Build the world and attack it."""
    with running_world(Path(run.folder) / "logs", run.seed) as world:
        asyncio.run(Attack(run, world).play())


CAMPAIGN = Campaign(
    name="exactly-once", unit="calls", small=400, large=20_000, planted=PLANTED, play=play
)
