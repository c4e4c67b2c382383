"""Which endpoint answers a call: the better of two. Pure.

Two are drawn, each as often as it is fast, and the call goes where its answer is expected first
(the power of two choices; Mitzenmacher, 2001). Drawn evenly, a slow pair would come up as often as a
fast one, and several gateways that all look at every endpoint would all run to the same.
"""

from bisect import bisect_right

from edge_gateway.gateway.dispatch.pool import Pool
from edge_gateway.gateway.dispatch.target import Target


def choose(pool: Pool, chance: float) -> Target:
    """Choose an endpoint.

    Args:
        pool: Has an active target at least.
        chance: Uniform in [0, 1).
    """
    active = pool.active
    if len(active) == 1:
        return active[0]
    first, second = draw(pool.bounds, chance)
    left, right = active[first], active[second]
    return left if left.expected() <= right.expected() else right


def draw(bounds: list[float], chance: float) -> tuple[int, int]:
    """Draw two places, each with the probability of its part of the whole, without replacement.

    Args:
        bounds: Running sums of the parts, each above 0; at least two.
        chance: Uniform in [0, 1).
    """
    last, total = len(bounds) - 1, bounds[-1]
    point = chance * total
    first = bisect_right(bounds, point, 0, last)
    below = bounds[first - 1] if first else 0.0
    size = bounds[first] - below
    # Where the point lies within the first place's part is chance again, for the others' parts.
    rest = (point - below) / size * (total - size)
    if rest >= below:
        rest += size
    return first, bisect_right(bounds, rest, 0, last)
