"""Anchors and anchored counts: how a distribution is described without any raw value.

A column's cells are, in this order: null, infinite, below, above, then its bins (numeric) or null,
unseen, rest, then its levels (categorical).
"""

from typing import Annotated, Literal

from pydantic import Field

from capability_sdk.contracts.model import Versioned, Wire

NUMERIC_EXTRA = ("null", "infinite", "below", "above")
CATEGORICAL_EXTRA = ("null", "unseen", "rest")


class NumericAnchors(Wire):
    """Edges of a numeric column's bins: at most 64, of equal mass in the training data."""

    kind: Literal["numeric"] = "numeric"
    column: str
    edges: Annotated[list[float], Field(min_length=2)]
    """Ascending; bin i is ``[edges[i], edges[i+1])``, the last one closed."""

    @property
    def cells(self) -> int:
        """Number of count cells."""
        return len(NUMERIC_EXTRA) + len(self.edges) - 1


class CategoricalAnchors(Wire):
    """Top levels of a categorical column; ``rest`` collects its other known levels."""

    kind: Literal["categorical"] = "categorical"
    column: str
    levels: list[str]
    rest: list[str] = []

    @property
    def cells(self) -> int:
        """Number of count cells."""
        return len(CATEGORICAL_EXTRA) + len(self.levels)


ColumnAnchors = Annotated[NumericAnchors | CategoricalAnchors, Field(discriminator="kind")]


class ReferenceProfile(Versioned):
    """``reference/profile.json`` of a package: anchors, and the training data's own counts."""

    rows: Annotated[int, Field(gt=0)]
    columns: list[ColumnAnchors]
    counts: dict[str, list[int]]
    """Column to counts, in the order of cells."""
