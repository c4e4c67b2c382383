"""Every check of a package's folder that needs no model to run; each break comes with its cure."""

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from capability_sdk.contracts.errors import InvalidInput, ServiceError
from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import MANIFEST_FILE, SIGNATURE_FILE, Check
from capability_sdk.contracts.profiles import QualityReference, ReferenceProfile
from capability_sdk.packaging.archive import external_data_break, parse_manifest, whole_breaks
from capability_sdk.packaging.digests import files_of
from capability_sdk.packaging.errors import broken
from capability_sdk.packaging.formats import FormatCheck
from capability_sdk.packaging.inflate import CHUNK
from capability_sdk.packaging.layout import (
    MAX_FILES,
    MAX_UNPACKED_BYTES,
    MODEL_FOLDER,
    MODEL_SUFFIXES,
    PROFILE_FILE,
    QUALITY_FILE,
    Names,
    path_breaks,
    rule_for,
)
from capability_sdk.packaging.onnx_traps import trap_breaks
from capability_sdk.packaging.samples import declaration_breaks, read_samples
from capability_sdk.packaging.training import check_training

_OWN_FOLDERS = ("annotation/", "code/", "model/", "reference/", "samples/")
_BYPRODUCTS = ("__pycache__", ".ipynb_checkpoints", ".DS_Store")
_NAMES = ("files", "content", "manifest", "samples", "reference", "training", "portable", "model")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the checks found: one passed check for each name without breaks, else its breaks."""

    checks: tuple[Check, ...]
    manifest: Manifest | None

    @property
    def passed(self) -> bool:
        """Whether there is no break."""
        return all(check.passed for check in self.checks)

    @property
    def breaks(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)


def package_files(folder: Path) -> dict[str, Path]:
    """Return what of a project's folder belongs into its package, or claims to.

    A project may hold more, such as notebooks, training code and a repository; what lies in one of
    the package's own folders is meant for it, so that a wrong file there is told, not dropped.
    """
    return {
        name: path
        for name, path in files_of(folder).items()
        if name != SIGNATURE_FILE
        and (name.startswith(_OWN_FOLDERS) or rule_for(name) is not None)
        and not any(part in _BYPRODUCTS for part in path.relative_to(folder).parts)
    }


def check_folder(folder: Path, *, with_model: bool = True) -> CheckReport:
    """Check a project or an unpacked package; no code of it is executed.

    Args:
        folder: The project or package.
        with_model: Load the model to compare it with the manifest, where the engine is installed.
    """
    files = package_files(folder)
    manifest, breaks = _read_manifest(folder)
    wrong = {"files": [*_file_breaks(files), *whole_breaks(manifest, set(files))]}
    wrong["content"] = [] if wrong["files"] else list(_content_breaks(files))
    wrong["manifest"] = breaks
    notes: dict[str, str] = {}
    if manifest is not None and not wrong["files"] and not wrong["content"]:
        wrong["samples"] = _sample_breaks(folder, manifest)
        wrong["reference"] = _reference_breaks(folder, manifest)
        wrong["training"], notes["training"] = check_training(folder)
        wrong["portable"] = _portability_breaks(folder, manifest)
        if with_model:
            wrong["model"], notes["model"] = _model_breaks(folder, manifest)
    names = _NAMES if with_model else _NAMES[:-1]
    return CheckReport(tuple(_as_checks(names, wrong, notes)), manifest)


def _as_checks(
    names: Sequence[str], wrong: Mapping[str, list[Check]], notes: Mapping[str, str]
) -> Iterator[Check]:
    for name in names:
        if name not in wrong:
            yield broken(name, "not checked: mend what is before it", "Mend the others first.")
        elif wrong[name]:
            yield from wrong[name]
        else:
            yield Check(name=name, passed=True, detail=notes.get(name, ""))


def _read_manifest(folder: Path) -> tuple[Manifest | None, list[Check]]:
    try:
        return parse_manifest((folder / MANIFEST_FILE).read_bytes()), []
    except FileNotFoundError:
        return None, []  # whole_breaks names it
    except (OSError, InvalidInput) as error:
        return None, [broken("manifest", str(error)[:2000], f"Correct {MANIFEST_FILE}.")]


def _file_breaks(files: Mapping[str, Path]) -> Iterator[Check]:
    names = Names()
    total = 0
    for name, path in files.items():
        state = path.lstat()
        total += state.st_size
        if not stat.S_ISREG(state.st_mode):
            yield broken("type", f"{name!a} is no regular file", "Put the file itself there.")
        yield from path_breaks(name, state.st_size)
        yield from names.add(name)
    if len(files) > MAX_FILES or total > MAX_UNPACKED_BYTES:
        limit = f"{MAX_FILES} files and {MAX_UNPACKED_BYTES} bytes"
        yield broken("size", f"the package holds more than {limit}", "Make it smaller.")


def _content_breaks(files: Mapping[str, Path]) -> Iterator[Check]:
    for name, path in files.items():
        rule = rule_for(name)
        if rule is None:
            continue
        check = FormatCheck(name, rule.format)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                check.feed(chunk)
            wrong = check.finish()
            if wrong is None and check.names_location:
                file.seek(0)
                wrong = external_data_break(name, file.read, path.stat().st_size)
        if wrong is not None:
            yield wrong


def _sample_breaks(folder: Path, manifest: Manifest) -> list[Check]:
    breaks: list[Check] = []
    for name, sample in read_samples(folder, breaks).items():
        breaks += declaration_breaks(name, sample, manifest)
    return breaks


def _reference_breaks(folder: Path, manifest: Manifest) -> list[Check]:
    path = folder / PROFILE_FILE
    if not path.exists():
        return []
    try:
        reference = ReferenceProfile.model_validate_json(path.read_bytes())
    except (ValidationError, RecursionError) as error:
        cure = "Write it with capability_sdk.profiling.anchors.build_reference."
        return [broken("reference", f"{PROFILE_FILE}: {error}"[:2000], cure)]
    wrong = [
        column.column
        for column in reference.columns
        if len(reference.counts.get(column.column, [])) != column.cells
    ]
    named = {spec.name for spec in (*manifest.inputs, *manifest.outputs) if not spec.sensitive}
    wrong += [c.column for c in reference.columns if c.column.partition("[")[0] not in named]
    cure = "Build the reference again from the training data and this manifest."
    breaks = [broken("reference", f"column {name!a} does not fit", cure) for name in wrong]
    return breaks + _quality_breaks(folder, reference)


def _quality_breaks(folder: Path, reference: ReferenceProfile) -> list[Check]:
    path = folder / QUALITY_FILE
    if not path.exists():
        return []
    cure = "Write it with capability_sdk.profiling.foresight.build_quality_reference."
    try:
        quality = QualityReference.model_validate_json(path.read_bytes())
    except (ValidationError, RecursionError) as error:
        return [broken("reference", f"{QUALITY_FILE}: {error}"[:2000], cure)]
    cells = {anchors.column: anchors.cells for anchors in reference.columns}
    wrong = {
        item.column
        for basis in quality.bases
        for item in basis.columns
        if cells.get(item.column) != len(item.groups)
    }
    return [
        broken("reference", f"quality by {name!a} does not fit", cure) for name in sorted(wrong)
    ]


def _model_breaks(folder: Path, manifest: Manifest) -> tuple[list[Check], str]:
    if manifest.engine not in MODEL_SUFFIXES:
        return [], f"not checked: the engine is {manifest.engine.value}"
    try:
        # Costs 50 MiB, and is absent from the light base install.
        from capability_sdk.packaging.answers import answer_breaks  # noqa: PLC0415 - see above
        from capability_sdk.serving.engines import load_engine  # noqa: PLC0415 - see above
    except ModuleNotFoundError:
        return [], "not checked here: needs pip install 'jiuzhou[serving]'; the gate checks it"
    try:
        engine = load_engine(folder, manifest, threads=1)
    except ServiceError as error:
        cure = "Make names, datatypes and shapes of model and manifest agree; batch comes first."
        return [broken("model", str(error)[:2000], cure)], ""
    try:
        breaks = list(answer_breaks(folder, manifest, engine.run))
    finally:
        engine.close()
    return breaks, "loads, agrees with the manifest, and answers its samples as recorded"


def _portability_breaks(folder: Path, manifest: Manifest) -> list[Check]:
    models = sorted((folder / MODEL_FOLDER).glob("*.onnx"))
    return [item for path in models for item in trap_breaks(path, manifest)]
