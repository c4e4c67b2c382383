"""From a model and its training data to a package folder, in one act."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.training import Parity
from capability_sdk.conversion.describing import compose_manifest, earlier_manifest
from capability_sdk.conversion.draft import Draft
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.sources import choices
from capability_sdk.conversion.training import read_training
from capability_sdk.conversion.words import About, Hints

_UNSAID, _INFER = About(), Hints()


@dataclass(frozen=True, slots=True)
class Packaged:
    """A package folder that passes every check.

    Attributes:
        folder: Where it is.
        manifest: Its definition.
        parity: How near it is to the original model; None where it is the original.
        notes: What was decided, mended, or could not be told.
    """

    folder: Path
    manifest: Manifest
    parity: Parity | None
    notes: tuple[str, ...]

    def report(self) -> str:
        """Say in a few lines what was made, how near it is, and what its author may want to know."""
        manifest = self.manifest
        made = f"{manifest.name} {manifest.version} is a package for {manifest.engine} in"
        parity = self.parity.outputs if self.parity else []
        return "\n".join(
            [
                f"{made} {self.folder}",
                *(f"  {item.output}: {item.as_text()}" for item in parity),
                *(f"  note: {note}" for note in self.notes),
            ]
        )


def package(
    model: Any,  # noqa: ANN401 - a model of any framework
    *,
    training: Any,  # noqa: ANN401 - a pandas frame, an array, texts, or arrays by name
    folder: Path | str,
    target: str | None = None,
    about: About = _UNSAID,
    hints: Hints = _INFER,
    script: Path | str | None = None,
) -> Packaged:
    """Make a package of a fitted model: weights, manifest, samples, reference, training record.

    Args:
        model: A fitted scikit-learn estimator or pipeline, XGBoost or LightGBM model, torch module
            or exported program, the path of an ONNX file, or of a Python file with
            ``class Capability``.
        training: What the model was fitted with. It stays here: the package gets counts, a
            digest, and a few rows as samples.
        folder: The project. A ``capability.toml`` in it keeps the author's words; the signature in
            it is written anew. An existing README stays.
        target: Column of the training frame that the model learnt.
        about: Title, owner and so on; wins over the folder's ``capability.toml``.
        hints: Units, categories, sensitive columns, layout of the inputs, choice of the engine.
        script: The training script inside of the folder, usually ``__file__``; then
            ``jiuzhou reproduce`` can run it again.

    Raises:
        ConversionFailed: Model and data cannot become a package; tensor and cure are named.
        PackageRefused: What came out breaks a rule of packages.
    """
    home = Path(folder)
    earlier = earlier_manifest(home)
    data = read_training(training, target)
    hints = hints.with_words_of(earlier, data.columns)
    refusals: list[ConversionFailed] = []
    for choice in choices(model, data, hints):
        with tempfile.TemporaryDirectory() as scratch:
            draft = Draft(Path(scratch), home, data, hints)
            try:
                converted = choice()
                manifest, unsaid = compose_manifest(converted, about, earlier, home)
                parity = draft.fill(converted, manifest)
            except ConversionFailed as refusal:
                refusals.append(refusal)
                continue
            draft.record_training(script, parity)
            draft.move_home(manifest, parity)
        notes = (*converted.notes, *converted.inputs.notes, *unsaid)
        return Packaged(
            home, manifest, parity, (*_passed_over(refusals), *notes, *_shown(manifest))
        )
    raise refusals[0]


def _passed_over(refusals: Iterable[ConversionFailed]) -> list[str]:
    return [f"another way was passed over: {refusal.detail}" for refusal in refusals]


def _shown(manifest: Manifest) -> list[str]:
    """Warn of sensitive inputs: the samples hold rows of the training data."""
    names = [spec.name for spec in manifest.inputs if spec.sensitive]
    found = f"samples/ shows rows of the sensitive {', '.join(names)}: invent others"
    return [found] if names else []
