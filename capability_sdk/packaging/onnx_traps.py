"""Finds in an ONNX model what works on its author's machine and breaks on another.

Each trap was met on a real model; nothing is loaded, so the light base install finds them too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import Check
from capability_sdk.packaging.errors import broken
from capability_sdk.packaging.onnx_graph import Argument, Graph, UnreadableModel, read_graph

PORTABLE_LOCALE: Final = "C.UTF-8"
PORTABLE_LOCALES: Final = frozenset({"C", "POSIX", PORTABLE_LOCALE, "C.utf8"})
_DEFAULT_LOCALE: Final = "en_US.UTF-8"
_MEND: Final = "`jiuzhou convert FILE.onnx --training DATA.csv --folder FOLDER` mends it"


def trap_breaks(path: Path, manifest: Manifest) -> Iterator[Check]:
    """Yield the traps that a model steps into.

    Args:
        path: The ONNX file.
        manifest: What the package declares.
    """
    try:
        graph = read_graph(path)
    except UnreadableModel as error:
        cure = "Export the model again."
        yield broken("model", f"{path.name} is no ONNX model: {error}", cure)
        return
    yield from _locale_breaks(graph)
    yield from _shape_breaks(graph)
    yield from _column_breaks(graph, manifest)


def _locale_breaks(graph: Graph) -> Iterator[Check]:
    for node in graph.nodes:
        if node.operator != "StringNormalizer":
            continue
        locale = node.texts.get("locale", _DEFAULT_LOCALE)
        if locale not in PORTABLE_LOCALES:
            yield broken(
                "onnx-locale",
                f"text node {node.name or node.operator} needs the locale {locale}, which a"
                " province's hosts may not have",
                f"Set its attribute locale to {PORTABLE_LOCALE!r}; {_MEND}.",
            )


def _shape_breaks(graph: Graph) -> Iterator[Check]:
    for output in graph.outputs:
        if not output.is_tensor:
            yield broken(
                "onnx-shape",
                f"output {output.name} is no tensor",
                "Export the classifier without ZipMap (options zipmap=False).",
            )
        elif output.dimensions and output.dimensions[0] is not None:
            yield broken(
                "onnx-shape",
                f"output {output.name} is declared as shape {_shown(output)}, but has an entry a"
                " row",
                f"Leave its first dimension open: it is the batch; {_MEND}.",
            )


def _column_breaks(graph: Graph, manifest: Manifest) -> Iterator[Check]:
    declared = {spec.name for spec in manifest.inputs}
    missing = [item.name for item in graph.inputs if item.name not in declared]
    if len(graph.inputs) > 1 and missing:
        listed = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")  # noqa: PLR2004 - as many as a person reads
        yield broken(
            "onnx-inputs",
            f"the model takes one input a column, {len(graph.inputs)} in all; the manifest does"
            f" not declare {listed}",
            "Declare each, or pack them into one: capability_sdk.conversion.package with"
            " Hints(layout='columns') or Hints(layout='packed') does either.",
        )


def _shown(argument: Argument) -> list[int | str]:
    return [size if size is not None else "?" for size in argument.dimensions or ()]
