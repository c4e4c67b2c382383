"""Which calls are kept in the inference log, and what of them."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import orjson

from capability_sdk.contracts.manifest import TensorSpec
from capability_sdk.profiling.columns import Tensor

MOST_BYTES: Final = 64 << 10
"""A tensor, or the process values of a call, of more bytes is named and left out."""
_JSON: Final = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


class Lottery:
    """Draws a share of calls, at a cost that does not grow with those not drawn.

    How many calls pass between two hits is drawn (geometrically) instead of each call.
    """

    def __init__(self, share: float) -> None:
        """Prepare; ``share`` is from 0, none, to 1, all."""
        self._share = share
        self._until = self._gap()

    def hits(self, count: int) -> Sequence[int]:
        """Return which of the next ``count`` calls are drawn."""
        if self._until >= count:
            self._until -= count
            return ()
        drawn = []
        at = int(self._until)
        while at < count:
            drawn.append(at)
            at += 1 + int(self._gap())
        self._until = at - count
        return drawn

    def _gap(self) -> float:
        if self._share <= 0:
            return math.inf
        if self._share >= 1:
            return 0
        # Which calls are looked at is no secret.
        return math.floor(math.log(1 - random.random()) / math.log(1 - self._share))  # noqa: S311 - which call is sampled is no secret


@dataclass(frozen=True, slots=True)
class Omitted:
    """Stands for a tensor that is too large to be kept."""

    shape: tuple[int, ...]


Kept = Mapping[str, Tensor | Omitted]


@dataclass(frozen=True, slots=True)
class Sample:
    """One call as it was computed, ready to be written down by another thread.

    Attributes:
        about: Whose it is: capability, version and digests.
        request_id: The gateway's id of the call.
        at: When it was computed.
        inputs: Its own rows.
        outputs: The same; empty where the model failed.
        logged: Process values by stage.
        error: Code of the failure; empty where there was none.
    """

    about: Mapping[str, str]
    request_id: str
    at: datetime
    inputs: Kept
    outputs: Kept
    logged: Mapping[str, Any]
    error: str = ""

    def to_json(self) -> bytes:
        """Write it as JSON: values in full, row-major, with their shape."""
        return orjson.dumps(
            {
                "request_id": self.request_id,
                "at": self.at,
                **self.about,
                "error": self.error,
                "inputs": {name: _tensor(array) for name, array in self.inputs.items()},
                "outputs": {name: _tensor(array) for name, array in self.outputs.items()},
                "logged": _process_values(self.logged),
            },
            option=_JSON,
        )


def open_names(specs: Sequence[TensorSpec]) -> Sequence[str]:
    """Name the tensors that may be kept: all that are not sensitive."""
    return [spec.name for spec in specs if not spec.sensitive]


def keep(tensors: Mapping[str, Tensor], names: Sequence[str], rows: slice) -> Kept:
    """Copy a call's rows of tensors, so that they hold on to no body and no batch.

    Args:
        tensors: Of a batch, or of the call alone.
        names: Those that may be kept.
        rows: The call's own.
    """
    return {name: _small(tensors[name][rows]) for name in names if name in tensors}


def rows_of(logged: Mapping[str, Any], rows: slice, total: int) -> Mapping[str, Any]:
    """Take a call's part of a batch's process values: rows where there is one for each."""
    return {
        stage: value[rows] if isinstance(value, list) and len(value) == total else value
        for stage, value in logged.items()
    }


def _small(array: Tensor) -> Tensor | Omitted:
    size = array.nbytes
    if array.dtype.hasobject:
        size = sum(len(str(value)) for value in array.reshape(-1))
    return Omitted(array.shape) if size > MOST_BYTES else array.copy()


def _tensor(array: Tensor | Omitted) -> dict[str, Any]:
    if isinstance(array, Omitted):
        return {"shape": array.shape, "omitted": f"more than {MOST_BYTES} bytes"}
    if array.dtype.hasobject:
        return {"shape": array.shape, "data": [_text(value) for value in array.reshape(-1)]}
    # orjson knows no half precision; single precision says the same.
    plain = array.astype(np.float32) if array.dtype == np.float16 else array
    return {"shape": array.shape, "data": np.ascontiguousarray(plain).reshape(-1)}


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _process_values(logged: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        size = len(orjson.dumps(logged, option=_JSON)) if logged else 0
    except TypeError:
        return {"omitted": "no JSON"}
    return {"omitted": f"more than {MOST_BYTES} bytes"} if size > MOST_BYTES else logged
