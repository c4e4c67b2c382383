"""What only the author can say: about the capability, and about its tensors."""

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from capability_sdk.contracts.manifest import (
    AlgorithmFamily,
    Line,
    Manifest,
    Objectives,
    Resources,
    Titles,
)
from capability_sdk.contracts.model import CapabilityName, SemanticVersion, Strict


class About(Strict):
    """Words about a capability; what is left out is taken from an existing ``capability.toml``."""

    name: CapabilityName | None = None
    version: SemanticVersion | None = None
    titles: Titles | None = None
    summary: Titles | None = None
    domain: str | None = None
    owner: Line | None = None
    licence: Line | None = None
    algorithm_family: AlgorithmFamily | None = None
    max_batch_size: Annotated[int, Field(ge=1, le=4096)] | None = None
    objectives: Objectives | None = None
    resources: Resources | None = None


class Layout(StrEnum):
    """How the columns of a table become input tensors."""

    AUTO = "auto"
    """Packed where all columns are numbers and nothing is said about single ones; else columns."""
    COLUMNS = "columns"
    """One named input a column, each with its own unit, levels and drift."""
    PACKED = "packed"
    """One tensor of numbers; a category travels as its place in ``levels``."""


class Execution(StrEnum):
    """What executes a model of XGBoost or LightGBM."""

    AUTO = "auto"
    """ONNX Runtime where it computes the same (it is several times faster), else the own library."""
    ONNX = "onnx"
    NATIVE = "native"


class Hints(Strict):
    """Words about single columns or tensors, by the name that they have in the training data."""

    units: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    levels: dict[str, list[str]] = Field(
        default={}, description="Categories that may be named outside of the province."
    )
    sensitive: set[str] = Field(
        default=set(), description="Never profiled: not even counts leave the province."
    )
    layout: Layout = Layout.AUTO
    execution: Execution = Execution.AUTO
    parity_limit: Annotated[float, Field(gt=0)] = Field(
        default=1e-3, description="Greatest distance from the original model in 99 of 100 rows."
    )

    def with_words_of(self, manifest: Manifest | None, columns: Collection[str]) -> "Hints":
        """Add what an earlier manifest says about inputs of these names; these hints win."""
        if manifest is None:
            return self
        known = {spec.name: spec for spec in manifest.inputs if spec.name in columns}
        return self.model_copy(
            update={
                "units": {n: s.unit for n, s in known.items() if s.unit} | self.units,
                "descriptions": {n: s.description for n, s in known.items() if s.description}
                | self.descriptions,
                "sensitive": {n for n, s in known.items() if s.sensitive} | self.sensitive,
            }
        )
