"""How long a model takes, measured on zeros when it is loaded."""

import logging
import time
from collections.abc import Callable, Mapping

import numpy as np

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor
from capability_sdk.serving.errors import InputRefusedByModel, ModelFailed

_log = logging.getLogger(__name__)

_MEASURED_RUNS = 3
_SURELY_SLOW_SECONDS = 0.1

Run = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]


def is_fixed(manifest: Manifest) -> bool:
    """Tell whether every row has one shape."""
    return all(-1 not in spec.shape for spec in manifest.inputs)


def measure(run: Run, manifest: Manifest, rows: int) -> float:
    """Return the seconds that a batch takes; infinite where the model computes no zeros."""
    batch = {spec.name: _zeros(spec, rows) for spec in manifest.inputs}
    took = []
    try:
        # The least of some runs: another process must not make a fast model look slow.
        for _ in range(_MEASURED_RUNS):
            began = time.perf_counter()
            run(batch)
            took.append(time.perf_counter() - began)
            if took[-1] > _SURELY_SLOW_SECONDS:
                break
    except (InputRefusedByModel, ModelFailed):
        _log.info("the model computes no zeros, so its speed is not known")
        return float("inf")
    return min(took)


def _zeros(spec: TensorSpec, rows: int) -> Tensor:
    shape = (rows, *(max(size, 1) for size in spec.shape))
    if spec.datatype is Datatype.BYTES:
        return np.full(shape, "", dtype=np.object_)
    return np.zeros(shape, dtype=NUMPY_TYPES[spec.datatype])
