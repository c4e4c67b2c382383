"""The weights of placement in force: those of the settings until somebody sets others, which are kept."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from capability_sdk.contracts.scheduling import PlacementWeights, WeightsInForce
from scheduler.database import Database, Row
from scheduler.errors import StaleWeights
from scheduler.placement.scores import ScoreWeights


class WeightsRow(Row):
    """What somebody has set last."""

    __tablename__ = "placement_weights"
    id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int]
    weights: Mapped[dict[str, Any]] = mapped_column(JSON)


class WeightStore:
    """Every query of the weights; each method is one transaction."""

    def __init__(self, database: Database, at_first: ScoreWeights) -> None:
        self._database = database
        self._at_first = at_first

    def current(self) -> ScoreWeights:
        """Return what the next placement counts with."""
        return ScoreWeights(**self.in_force().weights.model_dump())

    def in_force(self) -> WeightsInForce:
        """Return the weights with their revision: 0 while nobody has set any."""
        with self._database.session() as session:
            row = session.get(WeightsRow, 1)
            if row is None:
                return WeightsInForce(
                    revision=0, weights=PlacementWeights(**asdict(self._at_first))
                )
            return WeightsInForce(
                revision=row.revision,
                # A part that is newer than what was set counts as the settings say.
                weights=PlacementWeights(**(asdict(self._at_first) | row.weights)),
            )

    def put(self, asked: WeightsInForce) -> WeightsInForce:
        """Put other weights in force.

        Args:
            asked: The weights, and the revision that they were made for.

        Raises:
            StaleWeights: Others have been set since.
        """
        with self._database.session(write=True) as session:
            row = session.get(WeightsRow, 1)
            revision = 0 if row is None else row.revision
            if asked.revision != revision:
                raise StaleWeights(
                    f"Revision {revision} of the weights is in force, and these were made for"
                    f" {asked.revision}: read them again, then decide."
                )
            weights = asked.weights.model_dump()
            session.merge(WeightsRow(id=1, revision=revision + 1, weights=weights))
        return WeightsInForce(revision=revision + 1, weights=asked.weights)
