"""The name of anchors; without numpy, for an edge whose instances count nothing never needs it."""

import hashlib
import json

from capability_sdk.contracts.profiles import ReferenceProfile


def anchors_digest(reference: ReferenceProfile) -> str:
    """Name the anchors: counts of equal digests add up.

    Returns:
        ``sha256:`` and 64 hexadecimal digits over the columns, not over the reference counts.
    """
    columns = [column.model_dump(mode="json") for column in reference.columns]
    text = json.dumps(columns, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
