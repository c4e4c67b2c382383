"""The anchor model in Triton's Python backend.

``ANCHOR_ONNX`` names the file, ``ANCHOR_SITE`` the folder of the packages: the stub reads no PYTHONPATH.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

sys.path.insert(0, os.environ["ANCHOR_SITE"])
import numpy as np
import onnxruntime
import triton_python_backend_utils as backend


class TritonPythonModel:
    """What the backend loads and calls; requests of one call are one batch."""

    def initialize(self, _: dict[str, str]) -> None:
        """Load the model."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            os.environ["ANCHOR_ONNX"], options, providers=["CPUExecutionProvider"]
        )

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """Compute a batch and hand out its parts."""
        parts = [backend.get_input_tensor_by_name(item, "input").as_numpy() for item in requests]
        rows = np.concatenate(parts) if len(parts) > 1 else parts[0]
        label, probabilities = self._session.run(None, {"input": rows})
        answers, start = [], 0
        for part in parts:
            end = start + len(part)
            tensors = [
                backend.Tensor("label", label[start:end].reshape(-1, 1)),
                backend.Tensor("probabilities", probabilities[start:end]),
            ]
            answers.append(backend.InferenceResponse(tensors))
            start = end
        return answers
