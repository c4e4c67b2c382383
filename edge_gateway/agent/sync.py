"""Pulls the desired state: one long poll after the other, for as long as the agent runs."""

import asyncio
import logging
from datetime import timedelta
from http import HTTPStatus

import httpx

from edge_gateway.agent.center import Center
from edge_gateway.agent.errors import CenterAway, CenterRefused
from edge_gateway.agent.pauses import BackOff
from edge_gateway.agent.rollout import Rollout
from edge_gateway.agent.state_on_disk import StateOnDisk
from edge_gateway.errors import StateRefused

_log = logging.getLogger(__name__)

_MARGIN_SECONDS = 10.0


class StateSync:
    """Asks the center for anything newer than what it has."""

    def __init__(
        self,
        center: Center,
        states: StateOnDisk,
        rollout: Rollout,
        *,
        wait: timedelta,
        longest_delay: float,
    ) -> None:
        self._center = center
        self._states = states
        self._rollout = rollout
        self._wait = wait.total_seconds()
        self._back_off = BackOff(longest_delay)
        self._newest = states.current
        self.trouble: str | None = None
        """Why the center's state cannot be had now; None while all is well."""

    async def run(self) -> None:
        """Poll for good; the center's absence only makes the pauses longer."""
        while True:
            try:
                await self._poll()
            except (CenterAway, CenterRefused, StateRefused) as error:
                self._note(str(error))
                await asyncio.sleep(self._back_off.failed())
            else:
                self._note(None)
                self._back_off.succeeded()

    async def _poll(self) -> None:
        path = f"/api/v1/edges/{self._center.edge}/desired-state"
        # Right after trouble the answer matters more than the waiting.
        wait = 0.0 if self.trouble else self._wait
        newest = self._newest.state if self._newest else None
        response = await self._center.send(
            "GET",
            path,
            params={
                "after": newest.revision if newest else 0,
                # A center that was restored from a backup goes on behind what the edge has.
                "keys": newest.token_keys.version if newest else 0,
                "wait": wait,
            },
            timeout=httpx.Timeout(wait + _MARGIN_SECONDS, connect=5.0),
        )
        if response.status_code == HTTPStatus.NO_CONTENT:
            return
        candidate = await asyncio.to_thread(self._states.verify, response.content)
        await self._rollout.offer(candidate)
        self._newest = candidate
        _log.info("desired state %d is here", candidate.view.revision)

    def _note(self, trouble: str | None) -> None:
        if trouble != self.trouble:
            _log.warning("center: %s", trouble or "reachable again")
        self.trouble = trouble
