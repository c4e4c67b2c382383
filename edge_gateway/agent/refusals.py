"""Tells the two ways in which the center may not do what was asked: it is away, or it says no."""

from collections.abc import Awaitable
from typing import Any

import httpx

from edge_gateway.agent.errors import CenterAway, CenterRefused

_SERVER_ERROR = 500
_AWAY_STATUSES = frozenset({408, 425, 429})


async def answered(call: Awaitable[httpx.Response]) -> httpx.Response:
    """Wait for a successful answer.

    Raises:
        CenterAway: Nobody answers, or the answer says to try again later.
        CenterRefused: The answer is a refusal.
    """
    try:
        response = await call
    except httpx.HTTPError as error:
        raise CenterAway(f"The center does not answer ({type(error).__name__}).") from error
    check(response)
    return response


def check(response: httpx.Response) -> None:
    """Raise what a failing answer means; its body has been read."""
    if response.is_success:
        return
    if response.status_code >= _SERVER_ERROR or response.status_code in _AWAY_STATUSES:
        raise CenterAway(f"The center cannot serve now (HTTP {response.status_code}).")
    problem = problem_of(response)
    detail = str(problem.get("detail") or f"HTTP {response.status_code}")
    code = str(problem.get("type", "")).rsplit("/", 1)[-1]
    raise CenterRefused(
        detail, center_status=response.status_code, center_code=code, problem=problem
    )


def problem_of(response: httpx.Response) -> dict[str, Any]:
    """Read the problem document of a failing answer; empty where there is none."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
