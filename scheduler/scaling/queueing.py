"""How many replicas a rate of calls needs: an M/M/c queue. Pure.

A replica answers one call at a time, as an instance with one thread does, and the gateway sends
each call to the less loaded of two, which comes near to one queue before all of them. Real service
times vary less than exponential ones, so the rule errs towards one replica too many.
"""

import math

_TAIL = 0.01
"""Share of calls that may wait longer: the objective is a p99."""


def chance_of_waiting(replicas: int, offered: float) -> float:
    """Return the share of calls that find every replica busy.

    Args:
        replicas: At least 1.
        offered: Calls a second times seconds of service, in replicas kept busy (Erlang).

    Returns:
        0 to 1; 1 where the replicas cannot keep up.

    Source:
        Erlang's C formula (1917), by the recursion of the B formula; Gross and Harris, Fundamentals
        of Queueing Theory, section 2.3.
    """
    if offered >= replicas:
        return 1.0
    blocked = 1.0
    for count in range(1, replicas + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked / (1 - offered / replicas * (1 - blocked))


def waiting_p99(replicas: int, offered: float, service_seconds: float) -> float:
    """Return how long all but one in a hundred calls wait at most, in seconds.

    Source:
        The wait of those that wait is exponential with rate ``replicas/service - rate``: Gross and
        Harris, section 2.3.
    """
    if offered >= replicas:
        return math.inf
    waiting = chance_of_waiting(replicas, offered)
    if waiting <= _TAIL:
        return 0.0
    return math.log(waiting / _TAIL) * service_seconds / (replicas - offered)


def replicas_for(
    rate: float, service_seconds: float, patience_seconds: float, utilisation: float, most: int
) -> int:
    """Return the fewest replicas that keep their utilisation and the p99 of the wait.

    Args:
        rate: Calls a second.
        service_seconds: What one call takes of one replica, > 0.
        patience_seconds: The most that the p99 of the wait may be; a call's own service is the
            least that is asked for, since no number of replicas does better than some wait.
        utilisation: Share of time that replicas may be busy, in (0, 1).
        most: Where to stop.

    Returns:
        0 to ``most``; 0 exactly for no calls. Grows with the rate and with the service.
    """
    if rate <= 0:
        return 0
    offered = rate * service_seconds
    patience = max(patience_seconds, service_seconds)
    replicas = max(math.ceil(offered / utilisation), 1)
    while replicas < most and waiting_p99(replicas, offered, service_seconds) > patience:
        replicas += 1
    return min(replicas, most)
