"""The moment, as routes ask for it."""

from typing import Annotated

from fastapi import Depends, Request

from capability_sdk.kit.clock import Clock


def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


ClockDep = Annotated[Clock, Depends(_clock)]
"""Returns the present moment, aware, UTC."""
