"""From a measured passport to what an instance needs and does in production.

With ``c(1)`` and ``c(R)`` the measured CPU time of a request of one and of R rows, a request of r rows
costs ``c(r) = c(1) + (r - 1) * (c(R) - c(1)) / (R - 1)``: a part for the request and one for each row.
The micro-batcher makes both depend little on how many callers there are, as long as there are several.
On a node with the score s the time is ``c(r) * s0 / s``, where s0 is the score of the node that measured.
One core then answers ``1 / c(r)`` requests a second. Memory does not depend on the node: it is what
the warm instance held, as much again for no caller.
"""

from capability_sdk.contracts.passport import Passport


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
    first, last = points[0], points[-1]
    a_row = 0.0
    if last.rows > first.rows:
        more = last.cpu_microseconds_per_request - first.cpu_microseconds_per_request
        a_row = max(more, 0.0) / (last.rows - first.rows)
    cost = first.cpu_microseconds_per_request + (rows - first.rows) * a_row
    return cost / 1e6 * passport.on_node(score)


def requests_per_core_second(passport: Passport, rows: int, score: float = 0.0) -> float:
    """Predict how many requests one core answers in a second; 0 where the passport does not say."""
    cost = request_cpu_seconds(passport, rows, score)
    return 1.0 / cost if cost else 0.0


def resident_bytes(passport: Passport) -> int:
    """Predict the resident memory of an instance in bytes; 0 where the passport does not say."""
    return passport.resident_bytes
