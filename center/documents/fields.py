"""Searching contracts: which fields of a capability answer to some words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from capability_sdk.contracts.manifest import Manifest, TensorSpec


class FieldSide(StrEnum):
    """Where a field stands."""

    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class ContractField:
    """One tensor of a contract, for a search result."""

    side: FieldSide
    name: str
    datatype: str
    shape: tuple[int, ...]
    unit: str
    description: str
    sensitive: bool

    def answers_to(self, word: str) -> bool:
        """Tell whether a word occurs in it, whatever its case."""
        return any(word in text.casefold() for text in (self.name, self.unit, self.description))


@dataclass(frozen=True, slots=True)
class Contract:
    """What a search reads of one version."""

    manifest: Manifest
    fields: tuple[ContractField, ...]

    def matching(self, words: Sequence[str]) -> tuple[ContractField, ...] | None:
        """Search: every word must occur in the head or in a field, whatever its case.

        Returns:
            The fields that made it match, none where the head alone did; None where it does not.
        """
        matched: dict[ContractField, None] = {}
        for word in (word.casefold() for word in words):
            found = [field for field in self.fields if field.answers_to(word)]
            if not found and not any(word in text for text in self._head()):
                return None
            matched |= dict.fromkeys(found)
        return tuple(matched)

    def _head(self) -> Iterator[str]:
        manifest = self.manifest
        for titles in (manifest.titles, manifest.summary):
            yield from (titles.zh.casefold(), titles.en.casefold())
        yield from (manifest.name, manifest.owner.casefold(), manifest.domain)


def contract_of(manifest: Manifest) -> Contract:
    """Read a manifest for searching."""
    inputs = (_field(FieldSide.INPUT, spec) for spec in manifest.inputs)
    outputs = (_field(FieldSide.OUTPUT, spec) for spec in manifest.outputs)
    return Contract(manifest, (*inputs, *outputs))


def _field(side: FieldSide, spec: TensorSpec) -> ContractField:
    return ContractField(
        side,
        spec.name,
        spec.datatype.value,
        tuple(spec.shape),
        spec.unit,
        spec.description,
        spec.sensitive,
    )
