"""The code of a package, executed by a worker in a sandbox; this process runs none of it."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor
from capability_sdk.sandbox import SandboxUnavailable
from capability_sdk.serving.engines.conversation import Conversation
from capability_sdk.serving.engines.speed import is_fixed, measure
from capability_sdk.serving.errors import ModelCrashed, ModelRestarting, UnusablePackage

_log = logging.getLogger(__name__)

_LEAST_SECONDS, _MOST_SECONDS = 1.0, 30.0
_OBJECTIVES = 10
"""An answer may take as many times the objective of the 99th percentile."""
_MAX_PAUSE_SECONDS = 30.0


class PythonEngine:
    """A worker, and a new one whenever it ends.

    A crash or a hang is the failure of what was being computed. The next worker is started at once, and
    what is computed next waits for it.
    """

    def __init__(self, package_dir: Path, manifest: Manifest, threads: int) -> None:
        self._package = (package_dir, manifest, threads)
        wanted = _OBJECTIVES * manifest.objectives.p99_ms / 1000
        self._seconds = min(max(wanted, _LEAST_SECONDS), _MOST_SECONDS)
        self._pause = 0.0
        self._not_before = 0.0
        self._conversation: Conversation | None = Conversation(*self._package)
        self._conversation.await_ready()
        self._is_ready = True
        self.logged: Mapping[str, Any] = {}
        self.is_fixed = is_fixed(manifest)
        measure(self.run, manifest, 1)  # warms up
        # Code may take any time, so no call of it may run in the event loop.
        self.row_seconds = self.batch_seconds = float("inf")

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Compute a batch; see `Engine`.

        Raises:
            ModelCrashed: The worker ended on it, or did not answer and was ended.
            ModelRestarting: There is no worker yet.
        """
        conversation = self._ready()
        try:
            outputs, self.logged = conversation.ask(tensors, self._seconds)
        except ModelCrashed:
            self._renew()
            raise
        except ServiceError:
            if conversation.has_strays:
                _log.warning("a failed call left processes behind: %s", conversation.end())
                self._renew()
            raise
        return outputs

    def close(self) -> None:
        """End the worker."""
        self._is_ready = False
        if self._conversation is not None:
            self._conversation.end()
            self._conversation = None

    def _ready(self) -> Conversation:
        """Return the worker once its code is loaded."""
        if self._is_ready and self._conversation is not None:
            if self._conversation.is_sound:
                return self._conversation
            # What it was asked before left it dead or babbling; what comes next shall not pay for it.
            _log.warning("a worker was replaced: %s", self._conversation.end())
            self._renew()
        if time.monotonic() < self._not_before:
            raise _restarting()
        self._conversation = self._conversation or self._begin()
        if self._conversation is None:
            raise _restarting()
        try:
            self._conversation.await_ready()
        except UnusablePackage as error:
            _log.error("the worker does not start again: %s", error)
            self._conversation = None
            self._wait_longer()
            raise _restarting() from error
        self._is_ready, self._pause = True, 0.0
        return self._conversation

    def _renew(self) -> None:
        """Start the next worker, which loads while the failure is told."""
        self._is_ready = False
        self._conversation = self._begin()

    def _begin(self) -> Conversation | None:
        try:
            return Conversation(*self._package)
        except SandboxUnavailable as error:
            _log.error("the worker cannot be started: %s", error)
            self._wait_longer()
            return None

    def _wait_longer(self) -> None:
        self._pause = min(max(2 * self._pause, _LEAST_SECONDS), _MAX_PAUSE_SECONDS)
        self._not_before = time.monotonic() + self._pause


def load(package_dir: Path, manifest: Manifest, threads: int) -> PythonEngine:
    """Start a worker with ``code/capability.py``; arguments and errors as `load_engine`."""
    try:
        return PythonEngine(package_dir, manifest, threads)
    except SandboxUnavailable as error:
        raise UnusablePackage(str(error)) from error


def _restarting() -> ModelRestarting:
    return ModelRestarting(
        "The model's process is starting again; try again.", headers={"Retry-After": "1"}
    )
