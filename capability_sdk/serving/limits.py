"""How large a request may be: as large as the manifest's tensors need, and no larger."""

from capability_sdk.contracts.inference import Datatype
from capability_sdk.contracts.manifest import Manifest

_BASE = 1 << 20
_BYTES_A_VALUE = 32
"""A number of 17 digits with sign, exponent, comma and white space."""
_VARIABLE = 16 << 20
_MOST = 64 << 20


def body_limit(manifest: Manifest) -> int:
    """Return the size of the largest body that is read, in bytes."""
    if any(spec.datatype is Datatype.BYTES or -1 in spec.shape for spec in manifest.inputs):
        return _VARIABLE
    values = manifest.max_batch_size * sum(spec.elements for spec in manifest.inputs)
    return min(_BASE + _BYTES_A_VALUE * values, _MOST)
