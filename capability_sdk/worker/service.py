"""The worker's side of the conversation: load once, then answer one batch after the other."""

import importlib
import os
import socket
import traceback
from pathlib import Path
from typing import Any, Protocol, cast

from capability_sdk.worker.context import Context
from capability_sdk.worker.frames import ChannelBroken, Header, receive, send
from capability_sdk.worker.tensors import Form, Misfit, Tensor, forms_of, pack, unpack

MAX_INPUT_BYTES = 1 << 30
_SHOWN = 500


class Infers(Protocol):
    """What ``class Capability`` of ``code/capability.py`` is; ``load`` may be left out."""

    def infer(self, inputs: dict[str, Tensor], context: Context) -> dict[str, Any]:
        """Compute a batch: every declared output, rows first."""
        ...


def serve(channel: socket.socket, package: Path) -> None:
    """Load the package's code, say so, and answer until the engine closes the channel."""
    # What the code forks must not take part in the conversation.
    os.register_at_fork(after_in_child=channel.close)
    try:
        order, _ = receive(channel, max_body=0, deadline=None)
        context = Context(package / "model", order.get("settings", {}))
        try:
            capability = _load(context)
        except Exception as error:  # noqa: BLE001 - whatever the code raises is told its author
            send(channel, _failure(error, package), deadline=None)
            return
        send(channel, {"is": "ready"}, deadline=None)
        forms = forms_of(order["inputs"]), forms_of(order["outputs"])
        worker = Worker(capability, context, package, *forms)
        while True:
            header, body = receive(channel, max_body=MAX_INPUT_BYTES, deadline=None)
            answer, parts = worker.answer(header, body)
            send(channel, {**answer, "number": header["number"]}, parts, deadline=None)
    except ChannelBroken:
        return


class Worker:
    """Answers batches with the loaded code."""

    def __init__(
        self,
        capability: Infers,
        context: Context,
        package: Path,
        inputs: list[Form],
        outputs: list[Form],
    ) -> None:
        self._capability = capability
        self._context = context
        self._package = package
        self._inputs = inputs
        self._outputs = outputs

    def answer(self, header: Header, body: bytearray) -> tuple[Header, list[bytes]]:
        """Compute a batch; what goes wrong in the code is an answer too."""
        tensors = unpack(self._inputs, header["tensors"], body, None)
        rows = len(next(iter(tensors.values())))
        self._context.take_logged()
        try:
            outputs = self._capability.infer(tensors, self._context)
            if not isinstance(outputs, dict):
                raise Misfit(f"infer returned a {type(outputs).__name__}, not a dict of outputs")  # noqa: TRY301 - one place tells
            described, parts = pack(self._outputs, outputs, rows)
        except Exception as error:  # noqa: BLE001 - whatever the code raises is told its author
            return _failure(error, self._package), []
        logged = self._context.take_logged()
        return {"is": "answer", "tensors": described, "logged": logged}, parts


def _load(context: Context) -> Infers:
    module = importlib.import_module("capability")
    if not hasattr(module, "Capability"):
        raise Misfit("code/capability.py has no class Capability")
    capability = module.Capability()
    if not callable(getattr(capability, "infer", None)):
        raise Misfit("class Capability has no method infer(self, inputs, context)")
    if hasattr(capability, "load"):
        capability.load(context)
    return cast("Infers", capability)


def _failure(error: Exception, package: Path) -> Header:
    """Describe a failure: what, where in the package's code, and the code's own words."""
    code = str(package / "code")
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(code)]
    place = ""
    if frames:
        name = Path(frames[-1].filename).relative_to(package)
        place = f"{name}, line {frames[-1].lineno}"
    kind = "refused" if isinstance(error, ValueError) else "failed"
    return {
        "is": "misfit" if isinstance(error, Misfit) else kind,
        "type": type(error).__name__[:_SHOWN],
        "place": place[:_SHOWN],
        "words": str(error)[:_SHOWN],
    }
