"""Trains cheque-digit recognition on real handwritten digits and writes its capability project.

    python examples/digit_recognition/train.py --out DIR --seed 7

writes ``DIR/digit-recognition/`` (the project, ready for ``jiuzhou publish``) and
``DIR/held_back.json`` (images and labels that training never saw, for whoever calls it).
"""

import argparse
import json
import shutil
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.anchors import build_reference
from capability_sdk.profiling.foresight import build_quality_reference

Images = NDArray[np.float32]
Labels = NDArray[np.int64]

SEED = 7
NOISE_SD = 4.0
GREY_LEVELS = 16.0
HELD_BACK_SHARE = 0.3
PARITY_QUANTILE = 0.999
PARITY_LIMIT = 1e-4
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Digits:
    """Real handwritten digits, split once.

    Attributes:
        train: Images to learn from, shape ``(n, 64)``, grey levels 0 to 16.
        train_labels: Their digits, shape ``(n,)``.
        held_back: Images that training never sees.
        held_back_labels: Their digits.
    """

    train: Images
    train_labels: Labels
    held_back: Images
    held_back_labels: Labels


@dataclass(frozen=True, slots=True)
class Measured:
    """How good a model is, as shares of right answers, and how faithful its export.

    Attributes:
        clean: Accuracy on the held-back images.
        noisy: Accuracy on the same images with Gaussian noise of `NOISE_SD`, clipped to the range.
        parity: `PARITY_QUANTILE` of the distance of exported and original probabilities.
    """

    clean: float
    noisy: float
    parity: float


def split(seed: int) -> Digits:
    """Load the 1,797 digits that come with scikit-learn and hold 30 % of each digit back."""
    images, labels = load_digits(return_X_y=True)
    train, held_back, train_labels, held_back_labels = train_test_split(
        images.astype(np.float32),
        labels.astype(np.int64),
        test_size=HELD_BACK_SHARE,
        stratify=labels,
        random_state=seed,
    )
    return Digits(train, train_labels, held_back, held_back_labels)


def fit(digits: Digits, seed: int) -> Pipeline:
    """Train a perceptron with one hidden layer; scaling is part of the model."""
    perceptron = MLPClassifier(
        hidden_layer_sizes=(128,),
        alpha=1e-2,
        learning_rate_init=2e-3,
        max_iter=120,
        random_state=seed,
    )
    model = make_pipeline(MinMaxScaler(), perceptron)
    with warnings.catch_warnings():
        # 120 passes are the budget; more of them change nothing on held-back images.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(digits.train, digits.train_labels)


def to_onnx(model: Pipeline) -> bytes:
    """Export to ONNX with the manifest's tensor names and without a zip map."""
    exported = convert_sklearn(
        model,
        initial_types=[("image", FloatTensorType([None, 64]))],
        options={id(model): {"zipmap": False}},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    for output in exported.graph.output:
        if output.name == "label":
            # One class a row: exporters leave the batch dimension open or fix it, by version.
            del output.type.tensor_type.shape.dim[1:]
    content: bytes = exported.SerializeToString()
    return content


def infer(model: bytes, images: Images) -> dict[str, NDArray[np.generic]]:
    """Run an exported model, as the platform will."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": images}), strict=True))


def scan_noisily(images: Images, seed: int) -> Images:
    """Return the images as a bad scanner sees them."""
    noise = np.random.default_rng(seed).normal(0.0, NOISE_SD, images.shape)
    return np.clip(images + noise, 0.0, GREY_LEVELS).astype(np.float32)


def measure(model: Pipeline, exported: bytes, digits: Digits, seed: int) -> Measured:
    """Measure the exported model on the held-back images, clean and noisy."""
    answers = infer(exported, digits.held_back)
    noisy = infer(exported, scan_noisily(digits.held_back, seed))
    distance = np.abs(answers["probabilities"] - model.predict_proba(digits.held_back))
    return Measured(
        clean=float(np.mean(answers["label"] == digits.held_back_labels)),
        noisy=float(np.mean(noisy["label"] == digits.held_back_labels)),
        parity=float(np.quantile(distance, PARITY_QUANTILE)),
    )


def write_project(folder: Path, exported: bytes, digits: Digits) -> None:
    """Write the complete capability project."""
    for name in ("model", "samples", "reference"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in ("capability.toml", "README.md"):
        shutil.copyfile(_HERE / name, folder / name)
    (folder / "model" / "model.onnx").write_bytes(exported)
    for digit in range(10):
        content = json.dumps(_sample(exported, digits, digit), indent=1)
        (folder / "samples" / f"digit-{digit}.json").write_text(content + "\n")
    manifest = Manifest.from_toml((_HERE / "capability.toml").read_text(encoding="utf-8"))
    tensors = {"image": digits.train, **infer(exported, digits.train)}
    reference = build_reference(tensors, manifest)
    (folder / "reference" / "profile.json").write_text(reference.model_dump_json())
    answers = infer(exported, digits.held_back)
    right = answers["label"] == digits.held_back_labels
    unseen = {"image": digits.held_back, **answers}
    quality = build_quality_reference(reference, manifest, unseen, right)
    (folder / "reference" / "quality.json").write_text(quality.model_dump_json())


def _sample(exported: bytes, digits: Digits, digit: int) -> dict[str, object]:
    answers = infer(exported, digits.train)
    right = (digits.train_labels == digit) & (answers["label"] == digit)
    row = int(np.flatnonzero(right)[0])
    tensor = {
        "name": "image",
        "datatype": "FP32",
        "shape": [1, 64],
        "data": digits.train[row].tolist(),
    }
    expected = {name: values[row : row + 1].tolist() for name, values in answers.items()}
    return {"request": {"inputs": [tensor]}, "expected": expected, "tolerance": 1e-4}


def write_held_back(file: Path, digits: Digits) -> None:
    """Write the held-back images and labels beside the project, never into it."""
    content = {
        "images": digits.held_back.tolist(),
        "labels": [str(label) for label in digits.held_back_labels.tolist()],
    }
    file.write_text(json.dumps(content))


def main() -> int:
    """Train, measure, export, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--seed", type=int, default=SEED, help="of split, training and noise")
    given = parser.parse_args()
    digits = split(given.seed)
    model = fit(digits, given.seed)
    exported = to_onnx(model)
    measured = measure(model, exported, digits, given.seed)
    if measured.parity > PARITY_LIMIT:
        print(f"The export differs from the model: {measured.parity:.2e}", file=sys.stderr)
        return 1
    write_project(given.out / "digit-recognition", exported, digits)
    write_held_back(given.out / "held_back.json", digits)
    print(
        f"digit-recognition: trained on {len(digits.train)} images, seed {given.seed}; on"
        f" {len(digits.held_back)} held-back images accuracy {measured.clean:.4f},"
        f" with scanner noise {measured.noisy:.4f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
