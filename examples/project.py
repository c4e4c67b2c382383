"""What the training scripts share: their arguments, reference scores, and the project they write.

An example's folder holds what its author wrote (``capability.toml``, ``README.md``, ``code/``);
training adds what is learnt. Answers are recorded with the engine that will serve the package.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.profiling.anchors import build_reference
from capability_sdk.profiling.columns import NUMPY_TYPES, Tensor
from capability_sdk.serving.engines import load_engine

SEED = 7
TOLERANCE = 1e-4
_AUTHORED = ("capability.toml", "README.md", "code")

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Score:
    """A measured score beside the one that was asked for.

    Attributes:
        name: What was measured, on which rows.
        value: What came out.
        asked: What must be reached; None where the figure is only told.
        lower_is_better: For errors and losses.
    """

    name: str
    value: float
    asked: float | None = None
    lower_is_better: bool = False

    @property
    def is_missed(self) -> bool:
        """Whether the asked score was not reached."""
        if self.asked is None:
            return False
        return self.value > self.asked if self.lower_is_better else self.value < self.asked

    def __str__(self) -> str:
        if self.asked is None:
            return f"  {self.name}: {self.value:.3f}"
        wish = "at most" if self.lower_is_better else "at least"
        verdict = "MISSED" if self.is_missed else "reached"
        return f"  {self.name}: {self.value:.3f}, asked {wish} {self.asked:.3f}: {verdict}"


@dataclass(frozen=True, slots=True)
class Learnt:
    """What training adds to an example's folder.

    Attributes:
        files: Path in the package to content, such as ``model/model.onnx``.
        rows: Training inputs, for the reference profile, each ``(rows, *shape of the manifest)``.
        samples: Inputs to record answers for, by sample name; the same layout, usually one row.
    """

    files: Mapping[str, bytes]
    rows: Tensors
    samples: Mapping[str, Tensors]


def arguments(description: str | None) -> argparse.Namespace:
    """Read ``--data``, ``--out`` and ``--seed``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the project into")
    parser.add_argument("--seed", type=int, default=SEED, help="of split and training")
    return parser.parse_args()


def report(scores: Iterable[Score]) -> int:
    """Print every score; return the exit code, 1 where an asked one was missed."""
    all_scores = list(scores)
    for score in all_scores:
        print(score)
    missed = sum(score.is_missed for score in all_scores)
    if missed:
        print(f"{missed} reference scores were missed: no project was written.", file=sys.stderr)
    return 1 if missed else 0


def write_project(example: Path, out: Path, learnt: Learnt) -> Path:
    """Write the complete capability project of an example.

    Args:
        example: The example's folder, with what its author wrote.
        out: The project becomes the folder of the capability's name in here; an earlier one goes.
        learnt: What training found.

    Returns:
        The project's folder, ready for ``jiuzhou check`` and ``jiuzhou publish``.

    Raises:
        UnusablePackage: The engine cannot load what was learnt.
    """
    manifest = Manifest.from_toml((example / "capability.toml").read_text(encoding="utf-8"))
    folder = out / manifest.name
    shutil.rmtree(folder, ignore_errors=True)
    for name in _AUTHORED:
        _copy(example / name, folder / name)
    for name, content in learnt.files.items():
        _write(folder / name, content)
    engine = load_engine(folder, manifest, threads=1)
    try:
        answers = _run(engine.run, learnt.rows, manifest.max_batch_size)
        for name, inputs in learnt.samples.items():
            sample = _sample(manifest, inputs, engine.run(inputs))
            _write(folder / "samples" / f"{name}.json", sample)
    finally:
        engine.close()
    reference = build_reference({**learnt.rows, **answers}, manifest)
    _write(folder / "reference" / "profile.json", reference.model_dump_json().encode())
    return folder


def rows_of(tensors: Tensors, places: Sequence[int]) -> dict[str, Tensor]:
    """Pick rows of all tensors."""
    return {name: values[list(places)] for name, values in tensors.items()}


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _run(run: Any, inputs: Tensors, batch: int) -> dict[str, Tensor]:  # noqa: ANN401 - an engine's `run`
    total = len(next(iter(inputs.values())))
    parts = [
        run({name: values[start : start + batch] for name, values in inputs.items()})
        for start in range(0, total, batch)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _sample(manifest: Manifest, inputs: Tensors, answers: Tensors) -> bytes:
    content = {
        "request": {"inputs": [_tensor(spec, inputs[spec.name]) for spec in manifest.inputs]},
        "expected": {spec.name: answers[spec.name].tolist() for spec in manifest.outputs},
        "tolerance": TOLERANCE,
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _tensor(spec: TensorSpec, values: Tensor) -> dict[str, Any]:
    typed = values.astype(NUMPY_TYPES[spec.datatype])
    return {
        "name": spec.name,
        "datatype": spec.datatype.value,
        "shape": list(typed.shape),
        "data": typed.ravel().tolist(),
    }
