"""The moments at which a token begins and ceases to hold, to within one call (J09)."""

import threading
import time

from tests.campaigns.hostile_tokens.forge import Forge, bearing
from tests.campaigns.hostile_tokens.wire import Wire

LEEWAY_SECONDS = 5
"""What the platform declares; deliberately not taken from the code under test."""

_CLOCK_STEP = 0.002
"""The two clocks of a machine, by which a gateway counts, drift apart by less."""


class Watch(threading.Thread):
    """Asks with tokens over their boundaries, beside whatever else is asked.

    Attributes:
        violations: What was answered at the wrong moment.
        served: How many calls were good.
    """

    def __init__(self, port: int, forge: Forge) -> None:
        super().__init__()
        self.violations: list[str] = []
        self.served = 0
        self._port = port
        self._forge = forge
        self._given_up = threading.Event()
        self._seen: dict[str, set[int]] = {"exp": set(), "iat": set(), "nbf": set()}

    def give_up(self) -> None:
        """End early: something else was found."""
        self._given_up.set()

    def run(self) -> None:
        """Watch until a moment after the boundaries."""
        now = int(time.time())
        ends = now + 2
        begins = ends + LEEWAY_SECONDS
        expiring = self._forge.claiming(iat=now - 600, exp=ends - LEEWAY_SECONDS)
        starting = {
            "iat": self._forge.claiming(iat=begins),
            "nbf": self._forge.claiming(nbf=begins),
        }
        with Wire(self._port) as wire:
            while time.time() < ends + 0.2 and not self._given_up.is_set():
                self._look(wire, "exp", expiring, ends, (200, 401))
                for name, token in starting.items():
                    self._look(wire, name, token, ends, (401, 200))
                time.sleep(0.003)
        for name, statuses in self._seen.items():
            if statuses != {200, 401} and not self._given_up.is_set():
                self.violations.append(f"J09: {name} was only answered {sorted(statuses)}")

    def _look(self, wire: Wire, name: str, token: bytes, at: int, around: tuple[int, int]) -> None:
        """Ask once; the answer before a boundary and that after it are known."""
        asked = time.time()
        (answer,) = wire.ask([bearing(token)])
        answered = time.time()
        if answer is None:
            self.violations.append(f"J09: {name} was not answered")
            return
        self._seen[name].add(answer.status)
        self.served += answer.status == 200
        before, after = around
        is_late = asked > at + _CLOCK_STEP and answer.status != after
        is_early = answered < at - _CLOCK_STEP and answer.status != before
        if is_late or is_early:
            self.violations.append(
                f"J09: {name} {asked - at:+.4f} s from its boundary was answered {answer.cause}"
            )
        if name == "exp" and answer.status == 401 and answer.cause != "401 token-expired":
            self.violations.append(f"J09: an expired token was answered {answer.cause}")
