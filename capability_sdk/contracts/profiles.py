"""Anchors and anchored counts: how a distribution is described without any raw value.

A column's cells are, in this order: null, infinite, below, above, then its bins (numeric) or null,
unseen, rest, then its levels (categorical).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

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


class GroupedColumn(Wire):
    """A column whose cells are put together."""

    column: str
    groups: list[Annotated[int, Field(ge=-1)]]
    """Group of each cell of its anchors; -1 where too few held-back rows stand to say anything."""
    rows: list[Annotated[int, Field(gt=0)]]
    """Held-back rows in each group."""


class QualityBasis(Wire):
    """An additive model of being right, over the groups of some columns.

    The first of ``fits`` is of all held-back rows, the others of bootstrap samples of them. Each is
    an intercept, followed by what standing in each group of each column adds, column by column.
    """

    about: Literal["scores", "inputs"]
    columns: Annotated[list[GroupedColumn], Field(min_length=1)]
    fits: Annotated[list[list[float]], Field(min_length=3)]
    spread: Annotated[float, Field(ge=0)]
    """90 % quantile of its error in populations that were tilted on purpose."""
    reach: Annotated[float, Field(ge=0)]
    """90 % quantile of how far quality moved in those."""

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        groups = sum(len(item.rows) for item in self.columns)
        if any(len(fit) != groups + 1 for fit in self.fits):
            raise ValueError("a fit does not have an effect for each group")
        if any(max(item.groups) >= len(item.rows) for item in self.columns):
            raise ValueError("a cell is of a group that there is not")
        return self


class QualityReference(Versioned):
    """``reference/quality.json`` of a package: what rows that training never saw tell about quality.

    From the counts of a province's columns alone, it says how many of its rows are answered right.
    """

    rows: Annotated[int, Field(gt=0)]
    right: Annotated[int, Field(ge=0)]
    bases: list[QualityBasis] = []
    """The best first: over the scores of the answers, and over the inputs."""
