"""Whether a call that failed may be sent again, and where to.

What was never taken is safe to send again: no connection, a 503 with Retry-After, or the refusal of an
instance on another node that was started anew or whose node has lost touch. What may have been computed goes again only where the capability keeps no state between calls, and only once: a call that
ends its instance must not end them all.
"""

from typing import Final, TypeGuard

from edge_gateway.gateway.dispatch.pool import Pool
from edge_gateway.gateway.dispatch.target import Target
from edge_gateway.gateway.upstream import Failure, UpstreamAnswer

_MOST_TRIES: Final = 3
_MOST_COMPUTATIONS: Final = 2
_NOT_TAKEN: Final = (Failure.NOT_CONNECTED, Failure.BUSY)
_PERHAPS_COMPUTED: Final = (Failure.CLOSED, Failure.TIMEOUT)
_OK: Final = 200
_UNAVAILABLE: Final = 503
_SERVER_ERRORS: Final = 500
NOT_ITS_TO_SERVE: Final = (401, 421)
"""Of an instance on another node: it was started anew, or its node has lost touch; nothing was done."""

Result = UpstreamAnswer | Failure


def was_served(result: Result) -> TypeGuard[UpstreamAnswer]:
    """Tell whether a result is an instance's answer to the call, good or bad."""
    if isinstance(result, Failure):
        return False
    status = result.head.status
    return status == _OK or (status < _SERVER_ERRORS and status not in NOT_ITS_TO_SERVE)


def is_the_endpoints(result: Result) -> bool:
    """Tell whether what was no answer speaks against the endpoint; a 500 may be the caller's fault."""
    return isinstance(result, Failure) or result.head.status != _SERVER_ERRORS


def was_not_taken(result: Result) -> bool:
    """Tell whether the call was surely not begun."""
    if isinstance(result, Failure):
        return result in _NOT_TAKEN
    is_full = result.head.status == _UNAVAILABLE and b"retry-after" in result.head.headers
    return is_full or result.head.status in NOT_ITS_TO_SERVE


def stand_in(
    pool: Pool, failed: Target, result: Result, tries: int, *, is_repeatable: bool
) -> Target | None:
    """Find who takes a call that failed; None where nobody may.

    Args:
        pool: Endpoints of the call's version.
        failed: Which of them failed.
        result: How.
        tries: How often it was sent.
        is_repeatable: Whether it may be computed twice.
    """
    is_safe = was_not_taken(result)
    if not is_safe and not (is_repeatable and result in _PERHAPS_COMPUTED):
        return None
    if tries >= (_MOST_TRIES if is_safe else _MOST_COMPUTATIONS):
        return None
    others = [target for target in pool.active if target is not failed]
    # The only one may have been started again since.
    found = min(others, key=_doubt) if others else failed
    is_alone = found is failed and (tries > 1 or failed.ejection is not None)
    is_free = result is Failure.NOT_CONNECTED
    return None if is_alone or not pool.retries.take(is_free=is_free) else found


def _doubt(target: Target) -> tuple[int, float]:
    """Prefer whoever has not just failed others, then who answers first."""
    return target.failures, target.expected()
