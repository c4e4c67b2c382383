"""From a measured passport to what an instance needs and does in production.

The CPU time of a request of r rows is drawn straight between the two measured sizes beside it; past the
largest, on from the last two. A model gains by rows put together until its best batch and not beyond,
so one line from the smallest to the largest is too low between them.
The micro-batcher makes the time depend little on how many callers there are, as long as there are
several. On a node with the score s it is ``c(r) * s0 / s``, where s0 is the score of the node that
measured. One core then answers ``1 / c(r)`` requests a second. Memory does not depend on the node: it is
what the warm instance held, as much again for no caller.
"""

from itertools import pairwise

from capability_sdk.contracts.passport import Passport, RequestPoint


def request_cpu_seconds(passport: Passport, rows: int, score: float = 0.0) -> float:
    """Predict the CPU time of one request.

    Args:
        passport: Measured.
        rows: Rows of the request, at least 1.
        score: `node_score` of the node that serves; 0 for one like that which measured.

    Returns:
        Seconds; 0 where the passport does not say.
    """
    if not passport.requests:
        return 0.0
    points = sorted(passport.requests, key=lambda point: point.rows)
    segments = list(pairwise(points))
    below, above = next(
        ((low, high) for low, high in segments if rows <= high.rows),
        segments[-1] if segments else (points[0], points[0]),
    )
    cost = _between(below, above, rows)
    return cost / 1e6 * passport.on_node(score)


def _between(below: RequestPoint, above: RequestPoint, rows: int) -> float:
    """Draw a line through two sizes; it never falls, since more rows are never less work."""
    if above.rows == below.rows:
        return below.cpu_microseconds_per_request
    more = max(above.cpu_microseconds_per_request - below.cpu_microseconds_per_request, 0.0)
    return below.cpu_microseconds_per_request + (rows - below.rows) * more / (
        above.rows - below.rows
    )


def requests_per_core_second(passport: Passport, rows: int, score: float = 0.0) -> float:
    """Predict how many requests one core answers in a second; 0 where the passport does not say."""
    cost = request_cpu_seconds(passport, rows, score)
    return 1.0 / cost if cost else 0.0


def resident_bytes(passport: Passport) -> int:
    """Predict the resident memory of an instance in bytes; 0 where the passport does not say."""
    return passport.resident_bytes
