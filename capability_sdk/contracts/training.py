"""``reference/training.json``: how a model came to be, without any of its data."""

from typing import Annotated

from pydantic import Field

from capability_sdk.contracts.model import Count, Digest, Versioned, Wire

Distance = Annotated[float, Field(ge=0)]
DIFFERING_LIMIT = 0.01
"""Greatest share of rows whose label may be another one than the original model's."""


class Environment(Wire):
    """The interpreter and the libraries that shaped the model."""

    python: str
    platform: str
    libraries: dict[str, str]
    """Distribution to version, of the libraries that training had loaded."""
    digest: Digest


class TrainingRows(Wire):
    """The training data, as names and a digest."""

    rows: Count
    columns: list[str]
    digest: Digest


class OutputParity(Wire):
    """How far an output is from the original model's; distances are relative from 1 upwards."""

    output: str
    median: Distance = 0.0
    p99: Distance = 0.0
    greatest: Distance = 0.0
    differing: Distance = 0.0
    """Share of rows with another label; 0 for numbers."""

    def as_text(self) -> str:
        """Say it in a line."""
        if self.differing or not self.greatest:
            return f"{self.differing:.2%} of the rows differ from the original model"
        return (
            f"half of the rows within {self.median:.1e} of the original model, 99 % within"
            f" {self.p99:.1e}, all within {self.greatest:.1e}"
        )


class Parity(Wire):
    """The converted model held against the original one over training rows."""

    rows: Count
    limit: Distance
    """What `p99` of numbers may reach."""
    outputs: list[OutputParity]

    @property
    def worst(self) -> OutputParity | None:
        """The first output that is further from the original than allowed; None if all are near."""
        return next(
            (
                output
                for output in self.outputs
                if output.p99 > self.limit or output.differing > DIFFERING_LIMIT
            ),
            None,
        )

    def distance_of(self, output: OutputParity) -> str:
        """Say how far an output is from the original."""
        if output.differing:
            return f"{output.differing:.1%} of {self.rows} rows have another label"
        return f"1 row in 100 is further away than {output.p99:.1e}, allowed are {self.limit:.1e}"


class TrainingRecord(Versioned):
    """What has to be equal for a second training to give the same weights."""

    environment: Environment
    script: str | None = None
    """The training script in the project's folder; None where none was named."""
    script_digest: Digest | None = None
    data: TrainingRows
    weights: Digest
    parity: Parity | None = None
    """None where the package holds the original model itself."""
