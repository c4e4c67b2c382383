"""Micro-batching without timers: what arrived in one tick of the event loop is computed together.

A fast model runs in the event loop itself: a thread would cost more than the model. A slow one
runs in a worker thread, and what arrives meanwhile is the next batch.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.engine import Engine
from capability_sdk.serving.errors import InstanceBusy, ModelFailed
from capability_sdk.serving.requests import Call

Outputs = Mapping[str, Tensor]
Finish = Callable[[Outputs | ServiceError], None]
"""Called once with the outputs of a call's own rows, or with what went wrong."""

INLINE_SECONDS = 0.001
"""A full batch up to this long runs in the event loop."""


@dataclass(slots=True, frozen=True)
class Waiting:
    """A call that waits for its batch."""

    call: Call
    request_id: str
    finish: Finish


@dataclass(slots=True, frozen=True)
class Batch:
    """What was computed together; ``inputs`` and ``outputs`` hold the members' rows in order."""

    members: Sequence[Waiting]
    inputs: Mapping[str, Tensor]
    outputs: Outputs


class Batcher:
    """Puts calls together, has them computed, and hands out the parts; one event loop owns it."""

    def __init__(
        self,
        engine: Engine,
        *,
        max_rows: int,
        max_waiting: int,
        on_batch: Callable[[Batch], None],
    ) -> None:
        """Prepare.

        Args:
            engine: Computes a batch.
            max_rows: Rows of a batch, at most.
            max_waiting: Calls that may wait, at most.
            on_batch: Called with each computed batch before its calls are answered.
        """
        self._engine = engine
        self._max_rows = max_rows
        self._max_waiting = max_waiting
        self._on_batch = on_batch
        self._waiting: list[Waiting] = []
        self._is_scheduled = False
        self._thread = (
            ThreadPoolExecutor(1, "model") if engine.batch_seconds > INLINE_SECONDS else None
        )
        self._running: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Calls that wait now."""
        return len(self._waiting)

    def submit(self, call: Call, request_id: str, finish: Finish) -> None:
        """Queue a call for the next batch.

        Raises:
            InstanceBusy: As many calls wait as may wait.
        """
        if len(self._waiting) >= self._max_waiting:
            raise InstanceBusy(
                f"{self._max_waiting} requests wait already; try again.",
                headers={"Retry-After": "1"},
            )
        self._waiting.append(Waiting(call, request_id, finish))
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._start)

    async def close(self) -> None:
        """Answer what waits, then end the thread."""
        while self._running is not None or self._waiting:
            if self._running is not None:
                await self._running
            else:
                self._start()
        if self._thread is not None:
            self._thread.shutdown()

    def _start(self) -> None:
        if self._thread is None:
            self._is_scheduled = False
            while self._waiting:
                members = self._take()
                self._conclude(members, self._compute(members))
        elif self._waiting:
            self._running = asyncio.get_running_loop().create_task(self._run_in(self._thread))

    async def _run_in(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            members = self._take()
            self._conclude(members, await loop.run_in_executor(thread, self._compute, members))
        self._running = None
        self._is_scheduled = False

    def _take(self) -> list[Waiting]:
        """Take the oldest call and those that fit to it, in order of arrival."""
        waiting = self._waiting
        group, rows = waiting[0].call.group, 0
        members: list[Waiting] = []
        left: list[Waiting] = []
        for index, item in enumerate(waiting):
            if item.call.group != group:
                left.append(item)
            elif rows + item.call.rows <= self._max_rows:
                rows += item.call.rows
                members.append(item)
            else:
                left.extend(waiting[index:])
                break
        self._waiting = left
        return members

    def _compute(self, members: Sequence[Waiting]) -> Batch | ServiceError:
        calls = [member.call for member in members]
        inputs = calls[0].tensors
        if len(calls) > 1:
            inputs = {
                name: np.concatenate([call.tensors[name] for call in calls]) for name in inputs
            }
        try:
            return Batch(members, inputs, self._engine.run(inputs))
        except ServiceError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever it was, these calls need an answer
            return ModelFailed(f"The model failed: {type(error).__name__}.")

    def _conclude(self, members: Sequence[Waiting], result: Batch | ServiceError) -> None:
        if isinstance(result, ServiceError):
            if len(members) == 1:
                members[0].finish(result)
                return
            # One bad input must not fail its neighbours: each again, alone.
            for member in members:
                self._conclude([member], self._compute([member]))
            return
        self._on_batch(result)
        start = 0
        for member in members:
            end = start + member.call.rows
            rows = slice(start, end)
            member.finish({name: array[rows] for name, array in result.outputs.items()})
            start = end
