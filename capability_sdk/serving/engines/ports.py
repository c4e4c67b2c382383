"""What the runtime asks of whatever executes a model."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor


class Engine(Protocol):
    """A loaded model; `run` is called by one thread at a time.

    Attributes:
        is_fixed: Whether a row has one shape, so that the times below say what calls will take.
        row_seconds: Measured time of a single row; infinite where it could not be measured.
        batch_seconds: The same of a full batch.
        logged: Process values that the last run named by `context.log`, by stage; only the code of
            a package names any.
    """

    is_fixed: bool
    row_seconds: float
    batch_seconds: float
    logged: Mapping[str, Any]

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Compute a batch.

        Args:
            tensors: Every input, shape ``(rows, *shape of the manifest)``; BYTES are objects of
                type str.

        Returns:
            Every declared output, shape ``(rows, *shape of the manifest)``.

        Raises:
            InputRefusedByModel: The model cannot compute these values.
            ModelFailed: The model broke.
        """
        ...

    def close(self) -> None:
        """Let go of what the model holds: memory, and a worker process where there is one."""
        ...


LoadEngine = Callable[[Path, Manifest, int], Engine]
"""Loads the model of an unpacked package, for batches of so many threads."""
