"""Micro-batching without timers: what arrived in one tick of the event loop is computed together.

A fast model runs in the event loop itself: handing a lone call to a thread and back costs some 55 us
of CPU, often more than the model. A slow one runs in a worker thread, and what arrives meanwhile is
the next batch; a single row of it that is fast all the same needs no thread either.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.calls import Call
from capability_sdk.serving.engines import Engine
from capability_sdk.serving.errors import InputQuarantined, InstanceBusy, ModelCrashed, ModelFailed
from capability_sdk.serving.quarantine import Quarantine

_log = logging.getLogger(__name__)

Outputs = Mapping[str, Tensor]
Finish = Callable[[Outputs | ServiceError], None]
"""Called once with the outputs of a call's own rows, or with what went wrong."""

INLINE_SECONDS = 0.001
"""A batch up to this long runs in the event loop."""


@dataclass(slots=True, frozen=True, eq=False)
class Waiting:
    """A call that waits for its batch."""

    call: Call
    request_id: str
    finish: Finish


@dataclass(slots=True, frozen=True)
class Batch:
    """What was computed together.

    Attributes:
        members: The calls.
        inputs: Their rows, in order.
        outputs: The same of what was computed.
        logged: Process values that the package's code named, by stage; one with a row for each of
            the batch is told apart by call, any other stands for all of them.
    """

    members: Sequence[Waiting]
    inputs: Mapping[str, Tensor]
    outputs: Outputs
    logged: Mapping[str, Any]


@dataclass(slots=True, frozen=True)
class Failed:
    """What could not be computed, and why."""

    members: Sequence[Waiting]
    error: ServiceError


Computed = Batch | Failed


class Batcher:
    """Puts calls together, has them computed, and hands out the parts; one event loop owns it."""

    def __init__(
        self,
        engine: Engine,
        *,
        max_rows: int,
        max_waiting: int,
        on_batch: Callable[[Batch], None],
        on_failure: Callable[[Failed], None],
    ) -> None:
        """Prepare.

        Args:
            engine: Computes a batch.
            max_rows: Rows that calls are put together to, at most; a call of more is a batch alone.
            max_waiting: Calls that may wait, at most.
            on_batch: Called with each computed batch before its calls are answered.
            on_failure: The same with calls that could not be computed.
        """
        self._engine = engine
        self._max_rows = max_rows
        self._max_waiting = max_waiting
        self._on_batch = on_batch
        self._on_failure = on_failure
        self._quarantine = Quarantine()
        self._waiting: list[Waiting] = []
        self._computing = 0
        self._is_scheduled = False
        self._thread = (
            ThreadPoolExecutor(1, "model") if engine.batch_seconds > INLINE_SECONDS else None
        )
        # The time of a row says nothing of inputs whose shapes are open.
        self._is_row_fast = engine.is_fixed and engine.row_seconds <= INLINE_SECONDS
        self._running: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Calls that wait now."""
        return len(self._waiting)

    @property
    def in_flight(self) -> int:
        """Calls that wait or are being computed."""
        return len(self._waiting) + self._computing

    def submit(self, call: Call, request_id: str, finish: Finish) -> Waiting:
        """Queue a call for the next batch.

        Returns:
            Its place in the queue, by which it can be withdrawn.

        Raises:
            InstanceBusy: As many calls wait as may wait.
            InputQuarantined: This input ended the model's process again and again.
        """
        self._quarantine.check(call)
        if len(self._waiting) >= self._max_waiting:
            raise InstanceBusy(
                f"{self._max_waiting} requests wait already; try again.",
                headers={"Retry-After": "1"},
            )
        place = Waiting(call, request_id, finish)
        self._waiting.append(place)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._start)
        return place

    def withdraw(self, place: Waiting) -> bool:
        """Take a call out of the queue that nobody waits for any more; it is not finished.

        Returns:
            Whether it still waited; what is being computed is computed to its end.
        """
        if place not in self._waiting:
            return False
        self._waiting.remove(place)
        return True

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
        if self._thread is None or self._is_lone_and_fast():
            self._is_scheduled = False
            while self._waiting:
                self._conclude(self._compute(self._take()))
        elif self._waiting:
            self._running = asyncio.get_running_loop().create_task(self._run_in(self._thread))
        else:
            self._is_scheduled = False  # whoever waited went away in the same tick

    def _is_lone_and_fast(self) -> bool:
        waiting = self._waiting
        is_lone = len(waiting) == 1 and waiting[0].call.rows == 1
        return is_lone and self._is_row_fast

    async def _run_in(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            members = self._take()
            self._computing = len(members)
            self._conclude(await loop.run_in_executor(thread, self._compute, members))
        self._computing = 0
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
            elif not members or rows + item.call.rows <= self._max_rows:
                rows += item.call.rows
                members.append(item)
            else:
                left.extend(waiting[index:])
                break
        self._waiting = left
        return members

    def _compute(self, members: Sequence[Waiting]) -> Sequence[Computed]:
        result = self._attempt(members)
        if isinstance(result, Failed) and len(members) > 1:
            # One bad input must not fail its neighbours: each again, alone.
            return [self._attempt_alone(member) for member in members]
        self._learn_from(result)
        return [result]

    def _attempt_alone(self, member: Waiting) -> Computed:
        try:
            # Its like may have been tried a moment ago, in this very batch.
            self._quarantine.check(member.call)
        except InputQuarantined as error:
            return Failed([member], error)
        result = self._attempt([member])
        self._learn_from(result)
        return result

    def _learn_from(self, result: Computed) -> None:
        """Remember which input ends the model's process when it is computed alone."""
        if isinstance(result, Batch):
            for member in result.members:
                self._quarantine.acquit(member.call)
        elif isinstance(result.error, ModelCrashed):
            self._quarantine.accuse(result.members[0].call)

    def _attempt(self, members: Sequence[Waiting]) -> Computed:
        calls = [member.call for member in members]
        inputs = calls[0].tensors
        if len(calls) > 1:
            inputs = {
                name: np.concatenate([call.tensors[name] for call in calls]) for name in inputs
            }
        try:
            return Batch(members, inputs, self._engine.run(inputs), self._engine.logged)
        except ServiceError as error:
            return Failed(members, error)
        except Exception:  # noqa: BLE001 - numpy and the engine raise what they like
            # Whatever it was, these calls need an answer.
            _log.exception("a batch failed")
            return Failed(members, ModelFailed("The model failed on this input."))

    def _conclude(self, results: Sequence[Computed]) -> None:
        for result in results:
            if isinstance(result, Failed):
                self._on_failure(result)
                for member in result.members:
                    member.finish(result.error)
                continue
            self._on_batch(result)
            start = 0
            for member in result.members:
                rows = slice(start, start + member.call.rows)
                start = rows.stop
                member.finish({name: array[rows] for name, array in result.outputs.items()})
