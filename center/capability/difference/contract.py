"""What callers meet: two manifests, tensor by tensor, and whether a change breaks a caller.

Pure: values in, values out. A caller sends every input of the version it was written for, and reads
every output; what still works for it then is compatible, whatever else moved.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from capability_sdk.contracts.manifest import Manifest, TensorSpec
from capability_sdk.contracts.model import Wire


class Side(StrEnum):
    """Where a change lies."""

    INPUT = "input"
    OUTPUT = "output"
    SERVICE = "service"
    """What holds for a call as a whole, such as its largest batch."""


class ChangeKind(StrEnum):
    """What happened."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Impact(StrEnum):
    """What it means to a caller of the version before."""

    BREAKING = "breaking"
    COMPATIBLE = "compatible"


class ContractChange(Wire):
    """One difference between two contracts."""

    side: Side
    name: str
    """Of the tensor; of the manifest's member where ``side`` is the service."""
    kind: ChangeKind
    member: str | None = None
    """What of the tensor changed; None where all of it came or went."""
    before: JsonValue = None
    after: JsonValue = None
    impact: Impact


class ContractDifference(Wire):
    """Every difference, the breaking ones first."""

    changes: list[ContractChange]
    breaking: bool
    """Whether any of them breaks a caller."""


@dataclass(frozen=True, slots=True)
class _Member:
    """Something that a tensor says of itself.

    Attributes:
        read: Takes it from the tensor, as JSON.
        breaks: Tells whether a change breaks callers, from before, after and side.
    """

    name: str
    read: Callable[[TensorSpec], JsonValue]
    breaks: Callable[[JsonValue, JsonValue, Side], bool]


def compare_contracts(before: Manifest, after: Manifest) -> ContractDifference:
    """Compare what callers of two versions meet.

    Args:
        before: What callers were written for.
        after: What they would meet.

    Returns:
        Every difference; tensors are matched by name, so their order is none.
    """
    changes = [
        *_tensors(before.inputs, after.inputs, Side.INPUT),
        *_tensors(before.outputs, after.outputs, Side.OUTPUT),
        *_service(before, after),
    ]
    changes.sort(key=lambda change: change.impact is not Impact.BREAKING)
    breaking = any(change.impact is Impact.BREAKING for change in changes)
    return ContractDifference(changes=changes, breaking=breaking)


def _tensors(
    before: Sequence[TensorSpec], after: Sequence[TensorSpec], side: Side
) -> Iterator[ContractChange]:
    old, new = ({spec.name: spec for spec in specs} for specs in (before, after))
    for name in old.keys() - new.keys():
        # Also an input: a request that names an unknown tensor is refused.
        yield _whole(side, ChangeKind.REMOVED, old[name], breaking=True)
    for name in new.keys() - old.keys():
        yield _whole(side, ChangeKind.ADDED, new[name], breaking=side is Side.INPUT)
    for name in (spec.name for spec in after if spec.name in old):
        yield from _members(old[name], new[name], side)


def _whole(side: Side, kind: ChangeKind, spec: TensorSpec, *, breaking: bool) -> ContractChange:
    shown = {"datatype": spec.datatype, "shape": list(spec.shape), "unit": spec.unit}
    return ContractChange(
        side=side,
        name=spec.name,
        kind=kind,
        impact=_impact(breaking),
        **{"before" if kind is ChangeKind.REMOVED else "after": shown},
    )


def _members(before: TensorSpec, after: TensorSpec, side: Side) -> Iterator[ContractChange]:
    for member in _MEMBERS:
        old, new = member.read(before), member.read(after)
        if old != new:
            yield ContractChange(
                side=side,
                name=after.name,
                kind=ChangeKind.CHANGED,
                member=member.name,
                before=old,
                after=new,
                impact=_impact(member.breaks(old, new, side)),
            )


def _service(before: Manifest, after: Manifest) -> Iterator[ContractChange]:
    judged = before.quality.output, after.quality.output
    labels = before.quality.labels, after.quality.labels
    found: list[tuple[str, JsonValue, JsonValue, bool]] = [
        ("max_batch_size", before.max_batch_size, after.max_batch_size, _shrinks(before, after)),
        ("stateless", before.stateless, after.stateless, before.stateless),
        ("quality.output", *judged, False),
        # A caller reads class numbers by the order of their names.
        ("quality.labels", _listed(labels[0]), _listed(labels[1]), not _begins_with(*labels)),
        *(
            (f"objectives.{name}", old, getattr(after.objectives, name), False)
            for name, old in before.objectives.model_dump().items()
        ),
    ]
    for name, old, new, breaking in found:
        if old != new:
            yield ContractChange(
                side=Side.SERVICE,
                name=name,
                kind=ChangeKind.CHANGED,
                before=old,
                after=new,
                impact=_impact(breaking),
            )


def _shrinks(before: Manifest, after: Manifest) -> bool:
    return after.max_batch_size < before.max_batch_size


def _begins_with(before: list[str] | None, after: list[str] | None) -> bool:
    """Whether every class number still means what it meant."""
    return before is None or (after or [])[: len(before)] == before


def _shape_breaks(before: JsonValue, after: JsonValue, side: Side) -> bool:
    """Inputs may become wider (a free dimension), outputs narrower."""
    assert isinstance(before, list)  # noqa: S101 - see `_MEMBERS`
    assert isinstance(after, list)  # noqa: S101 - see `_MEMBERS`
    if len(before) != len(after):
        return True
    wide, narrow = (after, before) if side is Side.INPUT else (before, after)
    return any(w not in {-1, n} for w, n in zip(wide, narrow, strict=True))


def _levels_break(before: JsonValue, after: JsonValue, side: Side) -> bool:
    """Inputs may learn levels, outputs may lose some; None admits every level."""
    wide, narrow = (after, before) if side is Side.INPUT else (before, after)
    if wide is None:
        return False
    return narrow is None or not _texts(narrow) <= _texts(wide)


def _texts(levels: JsonValue) -> set[str]:
    assert isinstance(levels, list)  # noqa: S101 - see `_MEMBERS`
    return {str(level) for level in levels}


def _listed(texts: list[str] | None) -> JsonValue:
    return None if texts is None else list(texts)


def _impact(breaking: bool) -> Impact:
    return Impact.BREAKING if breaking else Impact.COMPATIBLE


_MEMBERS = (
    _Member("datatype", lambda spec: spec.datatype.value, lambda *_: True),
    _Member("shape", lambda spec: list(spec.shape), _shape_breaks),
    # The number that a caller sends would mean something else.
    _Member("unit", lambda spec: spec.unit, lambda *_: True),
    _Member("levels", lambda spec: _listed(spec.levels), _levels_break),
    _Member("sensitive", lambda spec: spec.sensitive, lambda *_: False),
    _Member("description", lambda spec: spec.description, lambda *_: False),
)
