"""Looks at every endpoint a few times a second: who hangs, who is far off its peers, who is back."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from edge_gateway.gateway.dispatch.pool import SLOW_START_PENALTY, Pool
from edge_gateway.gateway.dispatch.target import Connections, Target, Why
from edge_gateway.gateway.upstream import Failure, UpstreamAnswer

TICK_SECONDS: Final = 0.25
_QUIET_SECONDS: Final = 0.75
"""After so long without an answer to its calls an endpoint is asked whether it lives."""
_PROBE_SECONDS: Final = 0.5
"""What it may take to say so: with the two above and two ticks, a hang is known within 1.75 s."""
PROBE_TIMEOUT: Final = 2.0
_PROBE = b"GET /v2/health/live HTTP/1.1\r\nhost: instance\r\n\r\n"
_FAR_OFF: Final = 20.0
_FAR_OFF_SECONDS: Final = 0.02
"""Who is only slow gets fewer calls anyway: out is who is so far off that something must be broken."""
_LEAST_PEERS: Final = 3
_LEAST_ANSWERS: Final = 5
_SLOW_START_SECONDS: Final = 5.0
_RECOVERY: Final = SLOW_START_PENALTY ** (-TICK_SECONDS / _SLOW_START_SECONDS)
_FORGET: Final = 0.02
"""Share of bad news that is forgotten in a tick where nothing was heard: half of it in 9 s."""
_FORGIVEN_SECONDS: Final = 60.0


class Health:
    """Ejects endpoints and lets them back, without a look at any call."""

    def __init__(self, clock: Callable[[], float], connect: Callable[[str], Connections]) -> None:
        """Prepare.

        Args:
            clock: Seconds; calls begin on the same one.
            connect: Makes connections to ask an address whether it lives, patient for `PROBE_TIMEOUT`.
        """
        self._clock = clock
        self._connect = connect
        self._looked_at = clock()
        self._answers: dict[Target, int] = {}

    def look(self, pools: Sequence[Pool]) -> None:
        """Look at all endpoints; to be called every `TICK_SECONDS`."""
        now = self._clock()
        lost = now - self._looked_at - TICK_SECONDS
        self._looked_at = now
        if lost > TICK_SECONDS:
            _excuse(pools, lost)
        for pool in pools:
            pace = pool.pace()
            for target in pool.targets:
                self._look_at(pool, target, now)
                self._learn(target, pace)
            _compare(pool, pace, now)
            pool.refill(TICK_SECONDS)
            pool.refresh()
        self._answers = {target: target.answers for pool in pools for target in pool.targets}
        _correct(pools)

    def _look_at(self, pool: Pool, target: Target, now: float) -> None:
        if target.probe is not None:
            target.probe.sweep(now)
        if target.ejection is not None:
            if now >= target.ejection.until:
                self._probe(pool, target, now)
            return
        target.penalty = max(1.0, target.penalty * _RECOVERY)
        if now - target.readmitted_at > _FORGIVEN_SECONDS:
            target.ejections = 0
        if target.upstream.in_flight and now - target.quiet_since >= _QUIET_SECONDS:
            self._doubt(pool, target, now)

    def _doubt(self, pool: Pool, target: Target, now: float) -> None:
        if target.probe is None:
            self._probe(pool, target, now)
        elif now - target.probed_at >= _PROBE_SECONDS and target.quiet_since < target.probed_at:
            pool.eject(target, Why.HANGS, now)
            if pool.active and target.endpoint.is_stateless:
                # Somebody else answers what it left; where nobody can, it may still wake up.
                target.upstream.give_up()

    def _learn(self, target: Target, pace: float) -> None:
        target.trust = min(1.0, pace / target.pace)
        is_heard = target.answers != self._answers.get(target)
        if not is_heard and not target.upstream.in_flight:
            target.settle(_FORGET, pace / target.endpoint.weight)

    def _probe(self, pool: Pool, target: Target, now: float) -> None:
        """Ask on a connection of its own, since others stand behind calls that may take long."""
        if target.probe is not None:
            return
        target.probe, target.probed_at = self._connect(target.endpoint.address), now
        target.probe.exchange(_PROBE, partial(self._hear, pool, target))

    def _hear(self, pool: Pool, target: Target, result: UpstreamAnswer | Failure) -> None:
        if target.probe is not None:
            target.probe.close()
            target.probe = None
        if isinstance(result, Failure):
            return
        # Whatever it answers, it lives.
        now = target.quiet_since = self._clock()
        if target.ejection is not None and now >= target.ejection.until:
            pool.readmit(target, now)


def _compare(pool: Pool, pace: float, now: float) -> None:
    """Eject whose answers take far longer than its weight and its peers let expect."""
    if len(pool.active) < _LEAST_PEERS:
        return
    for target in pool.active:
        is_far_off = target.pace > _FAR_OFF * pace
        is_felt = target.seconds > _FAR_OFF_SECONDS and target.answers >= _LEAST_ANSWERS
        if is_far_off and is_felt and pool.may_spare():
            pool.eject(target, Why.SLOW, now)


def _excuse(pools: Sequence[Pool], seconds: float) -> None:
    """Time in which this process itself did not run counts against nobody."""
    for pool in pools:
        for target in pool.targets:
            target.quiet_since += seconds
            target.probed_at += seconds


def _correct(pools: Sequence[Pool]) -> None:
    """Add up the work of each node anew: sums and differences of many calls drift apart."""
    targets = [target for pool in pools for target in pool.targets]
    for target in targets:
        if not target.upstream.in_flight:
            target.work = 0.0
        target.node.work = 0.0
    for target in targets:
        target.node.work += target.work
