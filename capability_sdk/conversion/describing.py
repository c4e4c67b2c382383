"""The manifest and the README of a converted model: its signature joined with the author's words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from capability_sdk.contracts.manifest import Manifest, TensorSpec, Titles
from capability_sdk.contracts.packages import MANIFEST_FILE
from capability_sdk.contracts.training import Parity
from capability_sdk.conversion.converted import Converted
from capability_sdk.conversion.errors import ConversionFailed
from capability_sdk.conversion.words import About

_SAYABLE = ("titles", "summary", "domain", "owner")


def earlier_manifest(folder: Path) -> Manifest | None:
    """Read the definition that the folder has already, from a form or from an earlier training.

    Raises:
        InvalidInput: It cannot be read.
    """
    path = folder / MANIFEST_FILE
    if not path.exists():
        return None
    return Manifest.from_toml(path.read_text(encoding="utf-8"))


def compose_manifest(
    converted: Converted, about: About, earlier: Manifest | None, folder: Path
) -> tuple[Manifest, list[str]]:
    """Join what the model shows with what its author says: here, or earlier in the definition.

    Returns:
        The manifest, and notes on words that nobody has said yet.

    Raises:
        ConversionFailed: A word is not acceptable, or the family of the algorithm is not known.
    """
    words = _earlier_words(earlier) | about.model_dump(exclude_none=True)
    if converted.family is not None:
        words = {"algorithm_family": converted.family, **words}
    if "algorithm_family" not in words:
        raise ConversionFailed(
            "The model does not show its algorithm family.",
            cure="Say it: About(algorithm_family='linear'), or one of the others.",
        )
    unsaid = [name for name in _SAYABLE if name not in words]
    name = words.setdefault("name", folder.resolve().name)
    members: dict[str, Any] = {
        "version": "0.1.0",
        "titles": Titles(zh=name, en=name),
        "summary": Titles(zh=f"{name}。", en=f"{name}."),
        "domain": "network",
        "owner": "unnamed",
        **words,
        "engine": converted.engine,
        "inputs": converted.inputs.specs,
        "outputs": converted.outputs,
        "quality": converted.quality,
    }
    try:
        manifest = Manifest.model_validate(members)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConversionFailed(
            f"The manifest's {where}: {first['msg']}.", cure="Say it by About, in these terms."
        ) from error
    notes = [f"nobody has said {', '.join(unsaid)} yet: write them into {MANIFEST_FILE}"]
    return manifest, notes if unsaid else []


def write_readme(manifest: Manifest, parity: Parity | None) -> str:
    """Write the first README of a package; the author goes on from there."""
    lines = [
        f"# {manifest.titles.en}",
        "",
        manifest.summary.en,
        "",
        "Its author says here on what it was trained, how good it is, and where it fails.",
        "",
        "| tensor | datatype | shape | unit | meaning |",
        "|---|---|---|---|---|",
        *(_row("input", spec) for spec in manifest.inputs),
        *(_row("output", spec) for spec in manifest.outputs),
        "",
        *_parity_lines(parity),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _earlier_words(earlier: Manifest | None) -> dict[str, Any]:
    if earlier is None:
        return {}
    said = set(About.model_fields) - {"algorithm_family"}
    return earlier.model_dump(include=said, exclude_defaults=True)


def _row(kind: str, spec: TensorSpec) -> str:
    shape = ", ".join(map(str, (-1, *spec.shape)))
    meaning = spec.description.replace("|", "\\|")
    return f"| {kind} `{spec.name}` | {spec.datatype} | [{shape}] | {spec.unit} | {meaning} |"


def _parity_lines(parity: Parity | None) -> Iterator[str]:
    if parity is None:
        return
    yield f"Held against the original model over {parity.rows} training rows:"
    yield ""
    yield from (f"- `{item.output}`: {item.as_text()}" for item in parity.outputs)
