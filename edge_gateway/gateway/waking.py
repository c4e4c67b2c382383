"""Calls of capabilities that sleep: they wait, within bounds, until a first replica is ready."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from edge_gateway.errors import Waking
from edge_gateway.gateway.targets import Asleep

MAX_CALLS = 256
MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Held:
    """A call that waits.

    Attributes:
        asleep: What it waits for.
        size: Bytes of its body.
        since: When it came, on the event loop's clock.
        go: Answers it, or sends it on its way; False while there still is nobody to send it to.
        give_up: Answers it with a failure.
    """

    asleep: Asleep
    size: int
    since: float
    go: Callable[[], bool]
    give_up: Callable[[Waking], None]


class WaitingRoom:
    """Holds calls of one gateway worker; belongs to its event loop."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._held: list[Held] = []
        self.changed: Callable[[], None] = lambda: None
        """Called when a call is held, so that somebody wakes its capability."""

    def hold(self, call: Held) -> None:
        """Hold a call.

        Raises:
            Waking: No more calls, or bytes, can be held.
        """
        size = sum(item.size for item in self._held)
        if len(self._held) >= MAX_CALLS or size + call.size > MAX_BYTES:
            raise _waking(call.asleep)
        self._held.append(call)
        self.changed()

    def look(self, now: float) -> None:
        """Let those go that can; refuse those that have waited too long."""
        held, self._held = self._held, []
        for call in held:
            if now - call.since >= self._patience:
                call.give_up(_waking(call.asleep))
            elif not call.go():
                self._held.append(call)

    def waiting(self) -> Counter[tuple[str, str]]:
        """Count the calls held, by capability and version."""
        return Counter((call.asleep.capability, call.asleep.version) for call in self._held)


def _waking(asleep: Asleep) -> Waking:
    return Waking(
        f"{asleep.capability} was asleep and is being started; try again soon.",
        headers={"Retry-After": "5"},
        capability=asleep.capability,
    )
