"""Inputs that took the model's process with them, so that the same one does not do it for ever."""

import hashlib
from collections import OrderedDict

from capability_sdk.serving.calls import Call
from capability_sdk.serving.errors import InputQuarantined

CRASHES = 3
"""Times that an input may end a worker, alone; from then on it is refused."""
_MAX_SUSPECTS = 4096


class Quarantine:
    """Counts crashes by input; while there was none, it costs nothing."""

    def __init__(self) -> None:
        self._crashes: OrderedDict[bytes, int] = OrderedDict()

    def check(self, call: Call) -> None:
        """Let a call pass.

        Raises:
            InputQuarantined: Its input ended a worker as often as an input may.
        """
        if self._crashes and self._crashes.get(_fingerprint(call), 0) >= CRASHES:
            raise InputQuarantined(
                f"This input ended the model's process {CRASHES} times and is not computed again."
            )

    def accuse(self, call: Call) -> None:
        """Note that this call, computed alone, ended a worker."""
        fingerprint = _fingerprint(call)
        self._crashes[fingerprint] = self._crashes.pop(fingerprint, 0) + 1
        if len(self._crashes) > _MAX_SUSPECTS:
            self._crashes.popitem(last=False)

    def acquit(self, call: Call) -> None:
        """Note that this call was computed: what ended the worker before was something else."""
        if self._crashes:
            self._crashes.pop(_fingerprint(call), None)


def _fingerprint(call: Call) -> bytes:
    total = hashlib.blake2b(digest_size=16)
    for name, array in call.tensors.items():
        total.update(f"{name} {array.dtype} {array.shape}\n".encode())
        if array.dtype.hasobject:
            for text in array.ravel().tolist():
                content = str(text).encode("utf-8", "replace")
                total.update(len(content).to_bytes(8, "little") + content)
        else:
            total.update(array.tobytes())
    return total.digest()
