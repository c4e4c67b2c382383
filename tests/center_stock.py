"""A published capability as rows of the center's database, for tests that need no package."""

from datetime import datetime
from typing import Any

from capability_sdk.contracts.manifest import Manifest
from center.capability.rows import CapabilityVersionRow

DIGITS = "digit-recognition"
LABELS = [str(number) for number in range(10)]
MANIFEST = Manifest.model_validate(
    {
        "name": DIGITS,
        "version": "1.0.0",
        "titles": {"zh": "数字识别", "en": "Digits"},
        "summary": {"zh": "数字", "en": "Digits"},
        "domain": "finance",
        "owner": "center",
        "algorithm_family": "mlp",
        "inputs": [{"name": "image", "datatype": "FP32", "shape": [64]}],
        "outputs": [{"name": "label", "datatype": "INT64", "shape": []}],
        "quality": {"task": "classification", "output": "label", "labels": LABELS},
    }
)


def published_version(version: str, at: datetime, **columns: Any) -> CapabilityVersionRow:  # noqa: ANN401 - any column
    """Make the row of a published version whose package nobody fetches."""
    return CapabilityVersionRow(
        capability=columns.pop("capability", DIGITS),
        version=version,
        stage="published",
        domain="vision",
        search_text="digits",
        manifest=MANIFEST.model_dump(mode="json"),
        package_digest="sha256:" + "0" * 64,
        code_digest="sha256:" + "0" * 64,
        weights_digest="sha256:" + "0" * 64,
        archive_digest="sha256:" + "0" * 64,
        archive_bytes=1,
        author="li",
        organisation="center",
        author_key="",
        uploaded_at=at,
        **columns,
    )
