"""Checks ``reference/training.json``: whether it speaks of this model, and how near that is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from capability_sdk.contracts.packages import Check
from capability_sdk.contracts.training import TrainingRecord
from capability_sdk.packaging.digests import digests_of
from capability_sdk.packaging.errors import broken
from capability_sdk.packaging.layout import TRAINING_FILE

FLIP_CURE: Final = (
    "Thresholds of trees flip where features need more than 32 bits, such as times in seconds:"
    " train on their distance from a fixed point, or serve XGBoost and LightGBM with"
    " Hints(execution='native')."
)


def read_training_record(folder: Path) -> TrainingRecord | None:
    """Read how the model of a package came to be; None where nobody wrote it down.

    Raises:
        ValueError: The file is no such record.
    """
    path = folder / TRAINING_FILE
    return TrainingRecord.model_validate_json(path.read_bytes()) if path.exists() else None


def check_training(folder: Path) -> tuple[list[Check], str]:
    """Return where a package's training record does not hold, and what it says where it does."""
    try:
        record = read_training_record(folder)
    except (ValidationError, RecursionError) as error:
        cure = "Write it with capability_sdk.conversion.package, or remove it."
        return [broken("training", f"{TRAINING_FILE}: {error}"[:2000], cure)], ""
    if record is None:
        return [], "nobody recorded how the model came to be"
    return list(_breaks(record, folder)), _summary(record)


def _breaks(record: TrainingRecord, folder: Path) -> Iterator[Check]:
    weights = digests_of(folder).weights
    if record.weights != weights:
        yield broken(
            "training",
            f"{TRAINING_FILE} speaks of weights {record.weights}, the package holds {weights}",
            "Run the training script again, so that record, samples and reference fit the model.",
        )
    if record.parity is not None and (far := record.parity.worst) is not None:
        detail = f"output {far.output} is not the original model's: "
        yield broken("parity", detail + record.parity.distance_of(far), FLIP_CURE)


def _summary(record: TrainingRecord) -> str:
    outputs = record.parity.outputs if record.parity is not None else []
    near = "; ".join(f"{item.output}: {item.as_text()}" for item in outputs)
    return near or f"{record.data.rows} rows, nothing to compare the model with"
