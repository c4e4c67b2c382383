"""An endpoint with its connections, and what a call is expected to take there.

Expected seconds of the next call = work in flight at the endpoint + a part of the other work on its node
+ what this call itself takes. Each call in flight counts with the seconds that it was expected to
take, so a heavy capability weighs on the light ones beside it. What a call takes is learnt from answers: its
part of the time in which all that was in flight at the endpoint was answered, whatever the neighbours did.
It goes up faster than down, as in peak-EWMA, so that an endpoint whose answers vary is taken for a slow one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from capability_sdk.contracts.nodes import Endpoint
from edge_gateway.gateway.upstream import Done

_RISE: Final = 0.2
_FALL: Final = 0.05
_LEAST_SECONDS: Final = 20e-6
_COUPLING: Final = 0.5
"""How much of the other work on a node of one core a call waits for: between a queue (1) and none."""

Ticket = tuple[float, float, float]
"""When a call began, the seconds that it counts with, and those of all that was in flight with it."""


class Why(StrEnum):
    """Why an endpoint takes no calls."""

    HANGS = "hangs"
    REFUSES = "refuses-connections"
    FAILS = "fails"
    SLOW = "slower-than-its-peers"


@dataclass(frozen=True, slots=True)
class Ejection:
    """An endpoint takes no calls, and is asked again from ``until`` on, whether it is well."""

    why: Why
    since: float
    until: float


class Connections(Protocol):
    """The connections to one address, as far as the choice of endpoints needs to know them."""

    in_flight: int

    def exchange(
        self, request: bytes, done: Done, own_id: bytes = b"", deadline: float | None = None
    ) -> None:
        """Send a whole request; ``done`` is called once."""
        ...

    def sweep(self, now: float) -> None:
        """End what took too long."""
        ...

    def give_up(self) -> None:
        """End all exchanges now."""
        ...

    def close(self) -> None:
        """Close what is idle now, the rest after its exchanges."""
        ...

    def abort(self) -> None:
        """Close everything now."""
        ...


class Node:
    """Where endpoints run, and the work that this gateway has in flight there, in seconds."""

    __slots__ = ("coupling", "work")

    def __init__(self, cores: float) -> None:
        self.work = 0.0
        self.resize(cores)

    def resize(self, cores: float) -> None:
        """Take over how many cores it has: on a large node, work is less in each other's way."""
        self.coupling = _COUPLING / max(1.0, cores)


class Target:
    """One endpoint as this gateway sees it.

    Attributes:
        credential: Header line of every call to it; empty where a Unix socket is the guard.
        seconds: What a call takes when nothing else is in flight, as learnt; above 0.
        work: Seconds of work that is in flight here.
        penalty: Factor on what is expected: above 1 while it comes back slowly.
        trust: How far its weight has proved true, in (0, 1].
        quiet_since: Since when calls are in flight and nothing was answered.
        answers: Calls that were answered.
        failures: Failures since the last answer.
        ejection: Why it takes no calls; None where it does.
        ejections: How often it was ejected lately.
        readmitted_at: When it took calls again.
        probe: The connection of a probe that is not answered.
        probed_at: When that was sent.
    """

    __slots__ = (
        "answers", "credential", "ejection", "ejections", "endpoint", "failures", "node", "penalty",
        "probe", "probed_at", "quiet_since", "readmitted_at", "seconds", "trust", "upstream", "work",
    )  # fmt: skip

    def __init__(self, endpoint: Endpoint, upstream: Connections, node: Node, pace: float) -> None:
        """Prepare.

        Args:
            endpoint: As the scheduler tells it.
            upstream: Its connections.
            node: Where it runs.
            pace: Seconds of a call at an endpoint of weight 1.
        """
        self.endpoint = endpoint
        self.credential = _credential_line(endpoint)
        self.upstream = upstream
        self.node = node
        self.seconds = max(pace / endpoint.weight, _LEAST_SECONDS)
        self.work = 0.0
        self.penalty = 1.0
        self.trust = 1.0
        self.quiet_since = 0.0
        self.answers = 0
        self.failures = 0
        self.ejection: Ejection | None = None
        self.ejections = 0
        self.readmitted_at = 0.0
        self.probe: Connections | None = None
        self.probed_at = 0.0

    @property
    def pace(self) -> float:
        """What a call would take here at weight 1: equal over the peers, where weights are true."""
        return self.seconds * self.endpoint.weight

    def expected(self) -> float:
        """Return the seconds after which a call sent now is expected to be answered."""
        node, work = self.node, self.work
        return (work + self.seconds + node.coupling * (node.work - work)) * self.penalty

    def begin(self, now: float) -> Ticket:
        """Count a call as in flight."""
        seconds = self.seconds
        if not self.upstream.in_flight:
            self.quiet_since = now
        self.work += seconds
        self.node.work += seconds
        return now, seconds, self.work

    def answered(self, ticket: Ticket, now: float, *, is_sample: bool = True) -> None:
        """Learn from an answer; one that is no sample says only that the endpoint is well."""
        began, seconds, work = ticket
        self.work -= seconds
        self.node.work -= seconds
        self.quiet_since = now
        self.answers += 1
        self.failures = 0
        if not is_sample:
            return
        error = seconds * (now - began) / work - self.seconds
        self.seconds += error * (_RISE if error > 0.0 else _FALL)

    def over(self, ticket: Ticket) -> None:
        """Count a call as over from which nothing is learnt: how fast something fails says nothing."""
        self.work -= ticket[1]
        self.node.work -= ticket[1]

    def settle(self, share: float, prior: float) -> None:
        """Move what was learnt a share of the way down to what is believed without it."""
        if self.seconds > prior:
            self.seconds += (prior - self.seconds) * share
        self.seconds = max(self.seconds, _LEAST_SECONDS)

    def update(self, endpoint: Endpoint) -> None:
        """Take over a new weight: what is expected moves with it, as far as it proved true before."""
        self.seconds *= (self.endpoint.weight / endpoint.weight) ** self.trust
        self.endpoint = endpoint
        self.credential = _credential_line(endpoint)

    def close(self) -> None:
        """Close its connections; calls that wait are still answered."""
        self.upstream.close()
        if self.probe is not None:
            self.probe.abort()


def _credential_line(endpoint: Endpoint) -> bytes:
    if not endpoint.credential:
        return b""
    return b"authorization: Bearer %b\r\n" % endpoint.credential.encode()
