"""The anchor model in MLServer; ``ANCHOR_ONNX`` names the file."""

import os

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class AnchorModel(MLModel):  # type: ignore[misc] # it ships no types that this environment sees
    """What MLServer loads and calls."""

    async def load(self) -> bool:
        """Load the model, for one thread as every candidate has it."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            os.environ["ANCHOR_ONNX"], options, providers=["CPUExecutionProvider"]
        )
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Compute one request."""
        rows = NumpyCodec.decode_input(payload.inputs[0])
        label, probabilities = self._session.run(None, {"input": rows})
        outputs = [
            NumpyCodec.encode_output("label", label),
            NumpyCodec.encode_output("probabilities", probabilities),
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)
