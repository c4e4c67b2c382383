"""A call that was found to fit its manifest, put together from tensors whatever face they came by."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.profiling.columns import Tensor
from capability_sdk.serving.errors import MalformedRequest, TensorMismatch
from capability_sdk.serving.tensors import InputReader

_MAX_ID = 500
_NOT_OFFERED = {
    "shared_memory_region": "shared memory",
    "classification": "the classification extension",
}

Withdraw = Callable[[], None]
"""Takes a call that nobody waits for any more out of the queue; afterwards it is not answered."""


@dataclass(slots=True, frozen=True)
class WantedOutput:
    """An output that the caller asked for, and the form it shall have."""

    name: str
    is_binary: bool


@dataclass(slots=True, frozen=True)
class Call:
    """One infer request that was found to fit the manifest.

    Attributes:
        id: The caller's own id, echoed.
        rows: Rows of the batch, the first dimension of every tensor.
        tensors: Input name to array, in the manifest's order.
        outputs: What to answer with.
        group: Calls of equal groups may share a batch: their trailing shapes are equal.
        is_trial: Whether somebody only tries the capability: nothing of the call is kept.
    """

    id: str | None
    rows: int
    tensors: Mapping[str, Tensor]
    outputs: tuple[WantedOutput, ...]
    group: tuple[object, ...]
    is_trial: bool = False

    def as_trial(self) -> "Call":
        """Return the call as a trial, which shares no batch with others."""
        return replace(self, group=("trial", *self.group), is_trial=True)


class Gathering:
    """The tensors of one call, as they are read."""

    __slots__ = ("_readers", "rows", "tensors")

    def __init__(self, readers: Mapping[str, InputReader]) -> None:
        self._readers = readers
        self.rows = 0
        self.tensors: dict[str, Tensor] = {}

    def reader(self, name: object) -> InputReader:
        """Return what reads the input of this name.

        Raises:
            TensorMismatch: The capability takes no such input, or it is given already.
        """
        reader = self._readers.get(name) if type(name) is str else None
        if reader is None:
            expected = ", ".join(self._readers)
            raise TensorMismatch(
                f"There is no input {ascii(name)[:80]}; the capability takes {expected}.",
                expected=list(self._readers),
            )
        if reader.name in self.tensors:
            raise TensorMismatch(f"Input {reader.name} is given twice.", tensor=reader.name)
        return reader

    def add(self, name: str, tensor: Tensor) -> None:
        """Take a tensor.

        Raises:
            TensorMismatch: It has other rows than those before it.
        """
        rows = tensor.shape[0]
        self.rows = self.rows or rows
        if rows != self.rows:
            raise TensorMismatch(
                f"Input {name} has {rows} rows, the inputs before it {self.rows}.", tensor=name
            )
        self.tensors[name] = tensor

    def complete(self) -> dict[str, Tensor]:
        """Return all tensors in the manifest's order: batches are put together by it.

        Raises:
            TensorMismatch: One is missing.
        """
        found = self.tensors
        if len(found) != len(self._readers):
            missing = next(name for name in self._readers if name not in found)
            raise TensorMismatch(
                f"Input {missing} is missing; the capability takes {', '.join(self._readers)}.",
                tensor=missing,
                expected=list(self._readers),
            )
        return found if len(found) == 1 else {name: found[name] for name in self._readers}


class Signature:
    """What a capability version takes and gives; both faces of the protocol read by it.

    Attributes:
        outputs: Names of all outputs.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._readers = {
            spec.name: InputReader(spec, manifest.max_batch_size) for spec in manifest.inputs
        }
        self._is_fixed = all(reader.is_fixed for reader in self._readers.values())
        self.outputs = tuple(spec.name for spec in manifest.outputs)
        self._output_names = frozenset(self.outputs)

    def gather(self) -> Gathering:
        """Begin to read the tensors of a call."""
        return Gathering(self._readers)

    def call(
        self, own_id: str | None, gathering: Gathering, outputs: tuple[WantedOutput, ...]
    ) -> Call:
        """Put a call together.

        Raises:
            TensorMismatch: A tensor is missing.
        """
        tensors = gathering.complete()
        group = () if self._is_fixed else tuple(array.shape[1:] for array in tensors.values())
        return Call(own_id, gathering.rows, tensors, outputs, group)

    def require_output(self, name: object) -> str:
        """Return the name of an output that there is.

        Raises:
            TensorMismatch: There is none of that name.
        """
        if type(name) is not str or name not in self._output_names:
            raise TensorMismatch(
                f"There is no output {ascii(name)[:80]}; the capability gives"
                f" {', '.join(sorted(self._output_names))}.",
                expected=sorted(self._output_names),
            )
        return name


def require_id(given: object) -> str | None:
    """Return the caller's own id of a request, if it gave one.

    Raises:
        MalformedRequest: It is no string, or too long.
    """
    if given is not None and (type(given) is not str or len(given) > _MAX_ID):
        raise MalformedRequest(f"id is a string of at most {_MAX_ID} characters.")
    return given


def require_distinct(outputs: Iterable[WantedOutput]) -> tuple[WantedOutput, ...]:
    """Return the outputs that a caller named, each once.

    Raises:
        MalformedRequest: One is named twice.
    """
    wanted = tuple(outputs)
    if len({output.name for output in wanted}) != len(wanted):
        raise MalformedRequest("outputs names an output twice.")
    return wanted


def require_offered(names: Mapping[str, object], owner: str) -> None:
    """Refuse parameters of extensions that are not offered: to ignore them would answer wrongly.

    Raises:
        MalformedRequest: One of them is given.
    """
    for name, extension in _NOT_OFFERED.items():
        if name in names:
            raise MalformedRequest(f"{owner}: {extension} is not offered.")
