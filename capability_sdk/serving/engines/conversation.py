"""The engine's side of the conversation with a worker: one process, one question at a time."""

import itertools
import logging
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from capability_sdk.contracts.errors import ServiceError
from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor
from capability_sdk.sandbox import SandboxedWorker, WorkerLimits
from capability_sdk.serving.errors import (
    InputRefusedByModel,
    ModelCrashed,
    ModelFailed,
    ModelHung,
    UnusablePackage,
)
from capability_sdk.worker.frames import ChannelBroken, Header, OutOfTime, receive, send
from capability_sdk.worker.tensors import ALIGNMENT, Form, Misfit, pack, unpack

_log = logging.getLogger(__name__)

START_SECONDS = 60.0
_MIB = 1 << 20
_MAX_OPEN_OUTPUT = 64 * _MIB
_MAX_TEXT = 1 << 16
_PACKAGE = Path("/package")
_COMMAND = [sys.executable, "-S", "-m", "capability_sdk.worker"]


class Conversation:
    """A worker with the code of one package loaded, from its start to its end."""

    def __init__(self, package_dir: Path, manifest: Manifest, threads: int) -> None:
        """Start the worker; it loads while this process does something else.

        Raises:
            SandboxUnavailable: This host cannot confine it.
        """
        self._inputs = [_form(spec) for spec in manifest.inputs]
        self._outputs = [_form(spec) for spec in manifest.outputs]
        self._settings = manifest.defaults
        self._max_answer = manifest.max_batch_size * sum(map(_row_bytes, manifest.outputs))
        self._numbers = itertools.count()
        self._processes = 0
        self._deadline = time.monotonic() + START_SECONDS
        folders = {_PACKAGE / name: package_dir.resolve() / name for name in ("code", "model")}
        visible = {place: folder for place, folder in folders.items() if folder.is_dir()}
        memory = manifest.resources.memory_mib * _MIB
        self._worker = SandboxedWorker(_COMMAND, visible, WorkerLimits(memory, cpus=threads))

    def await_ready(self) -> None:
        """Wait until the code is loaded.

        Raises:
            UnusablePackage: It cannot be loaded; the worker is gone.
        """
        order = {"inputs": self._inputs, "outputs": self._outputs, "settings": self._settings}
        try:
            send(self._worker.channel, order, deadline=self._deadline)
            said, _ = receive(self._worker.channel, max_body=0, deadline=self._deadline)
        except OutOfTime:
            self._worker.end()
            raise UnusablePackage(
                f"code/capability.py did not load within {START_SECONDS:.0f} seconds."
            ) from None
        except ChannelBroken:
            reason = self._worker.end()
            raise UnusablePackage(f"The worker of code/capability.py ended: {reason}.") from None
        if said.get("is") != "ready":
            self._worker.end()
            raise UnusablePackage(f"code/capability.py cannot be loaded: {_shown(said)}")
        self._processes = self._worker.processes

    @property
    def is_sound(self) -> bool:
        """Whether the worker is there and silent, as it must be between two questions."""
        self._worker.channel.settimeout(0)
        try:
            self._worker.channel.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    @property
    def has_strays(self) -> bool:
        """Whether the code started processes, after it was loaded, that are still there."""
        return self._worker.processes > self._processes

    def ask(
        self, tensors: Mapping[str, Tensor], seconds: float
    ) -> tuple[dict[str, Tensor], Mapping[str, Any]]:
        """Have a batch computed.

        Args:
            tensors: Every input.
            seconds: What the answer may take.

        Returns:
            The outputs, and what the code logged.

        Raises:
            InputRefusedByModel: The code refused these values (ValueError).
            ModelFailed: The code raised, or its outputs are not those of the manifest.
            ModelCrashed: The worker ended, or spoke nonsense and was ended.
            ModelHung: The worker did not answer and was ended.
        """
        rows = len(next(iter(tensors.values())))
        described, parts = pack(self._inputs, tensors, rows)
        try:
            header, body = self._exchange(described, parts, time.monotonic() + seconds)
            if header.get("is") == "answer":
                outputs = unpack(self._outputs, header.get("tensors"), body, rows)
                return outputs, _logged(header)
        except OutOfTime:
            self._worker.end()
            raise ModelHung(f"The model did not answer within {seconds:.1f} seconds.") from None
        except (ChannelBroken, Misfit) as error:
            _log.warning("a worker ended: %s (%s)", error, self._worker.end())
            raise ModelCrashed("The model's process ended on this input.") from error
        raise _failure(header)

    def end(self) -> str:
        """End the worker; see `SandboxedWorker.end`."""
        return self._worker.end()

    def _exchange(
        self, described: list[Any], parts: list[bytes], deadline: float
    ) -> tuple[Header, bytearray]:
        number = next(self._numbers)
        channel = self._worker.channel
        send(channel, {"number": number, "tensors": described}, parts, deadline=deadline)
        header, body = receive(channel, max_body=self._max_answer, deadline=deadline)
        if header.get("number") != number:
            raise ChannelBroken("The worker answers another question.")
        return header, body


def _form(spec: TensorSpec) -> Form:
    return Form(spec.name, spec.datatype.value, tuple(spec.shape))


def _row_bytes(spec: TensorSpec) -> int:
    """Return what one row of an output takes at most, on the wire."""
    if -1 in spec.shape:
        return _MAX_OPEN_OUTPUT
    size = _MAX_TEXT if spec.datatype is Datatype.BYTES else NUMPY_TYPES[spec.datatype]().itemsize
    return min(spec.elements * size, _MAX_OPEN_OUTPUT) + ALIGNMENT


def _logged(header: Header) -> Mapping[str, Any]:
    logged = header.get("logged")
    return logged if isinstance(logged, dict) else {}


def _failure(header: Header) -> ServiceError:
    if header.get("is") == "refused":
        return InputRefusedByModel(f"The model cannot compute these values: {header.get('words')}")
    if header.get("is") == "misfit":
        return ModelFailed(f"The model's outputs are not as declared: {header.get('words')}.")
    # The code's own words may quote an input; the type and the place of a failure do not.
    return ModelFailed(f"The model failed: {header.get('type')} in {header.get('place')}.")


def _shown(said: Header) -> str:
    place = f" ({said['place']})" if said.get("place") else ""
    return f"{said.get('type')}: {said.get('words')}{place}"
