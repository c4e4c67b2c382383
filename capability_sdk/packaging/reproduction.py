"""Trains again and says whether the same weights came out, or what was not the same."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from capability_sdk.contracts.errors import InvalidInput
from capability_sdk.contracts.packages import Check
from capability_sdk.contracts.training import TrainingRecord
from capability_sdk.packaging.errors import broken
from capability_sdk.packaging.layout import TRAINING_FILE
from capability_sdk.packaging.training import read_training_record

_NOT_COPIED = ("reference", "dist", ".git", ".venv", "__pycache__")
_SHOWN = 800


def reproduce(folder: Path, *, seconds: float) -> list[Check]:
    """Run a project's training script in a copy of the project, and compare the records.

    The script is the author's own and runs as such, not in a sandbox.

    Args:
        folder: The project; it is not changed.
        seconds: How long the training may take.

    Returns:
        ``weights``, and what explains a difference: ``environment``, ``script``, ``data``.

    Raises:
        InvalidInput: There is no record or no script, or the script does not run to its end.
    """
    before = read_training_record(folder)
    if before is None or before.script is None:
        raise InvalidInput(
            f"{TRAINING_FILE} names no training script; give script=__file__ to package(…)."
        )
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / folder.resolve().name
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        _run(copy, before.script, seconds)
        after = read_training_record(copy)
    if after is None:
        raise InvalidInput(f"{before.script} ran, but wrote no {TRAINING_FILE}.")
    return list(_compare(before, after))


def _run(copy: Path, script: str, seconds: float) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the author's own script, at the author's command
            [sys.executable, script],
            cwd=copy,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InvalidInput(f"{script} took more than {seconds:.0f} s.") from error
    if done.returncode != 0:
        raise InvalidInput(f"{script} failed: {done.stderr.strip()[-_SHOWN:]}")


def _compare(before: TrainingRecord, after: TrainingRecord) -> Iterator[Check]:
    differences = [*_environment(before, after), *_script(before, after), *_data(before, after)]
    if before.weights == after.weights:
        yield Check(name="weights", passed=True, detail=f"{after.weights}, as recorded")
    elif differences:
        cure = "Make equal what is named below, or accept the new weights: run the script in place."
        yield broken("weights", f"{after.weights}, recorded is {before.weights}", cure)
    else:
        cure = "The training is random: fix its seeds and its number of threads."
        yield broken("weights", "other weights from equal script, data and environment", cure)
    yield from differences
    if not differences:
        yield Check(name="environment", passed=True, detail=before.environment.digest)


def _environment(before: TrainingRecord, after: TrainingRecord) -> Iterator[Check]:
    old, new = before.environment, after.environment
    if old.digest == new.digest:
        return
    pairs = {"python": (old.python, new.python), "platform": (old.platform, new.platform)}
    for name in sorted(old.libraries.keys() | new.libraries.keys()):
        pairs[name] = (old.libraries.get(name, "absent"), new.libraries.get(name, "absent"))
    changed = [f"{name} {was} -> {now}" for name, (was, now) in pairs.items() if was != now]
    yield broken("environment", "; ".join(changed), "Install the recorded versions.")


def _script(before: TrainingRecord, after: TrainingRecord) -> Iterator[Check]:
    if before.script_digest != after.script_digest:
        detail = f"{before.script} was changed after the training"
        yield broken("script", detail, "Run it in place, so that the package is its result.")


def _data(before: TrainingRecord, after: TrainingRecord) -> Iterator[Check]:
    if before.data.digest != after.data.digest:
        detail = (
            f"{before.data.rows} rows of {len(before.data.columns)} columns were trained on, now"
            f" {after.data.rows} of {len(after.data.columns)}; their digests differ"
        )
        yield broken("data", detail, "Train on the recorded data: name its version or its day.")
