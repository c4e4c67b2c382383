"""What verified documents declared: the only names and shapes that may leave the province."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.profiles import ColumnAnchors
from capability_sdk.contracts.state import DesiredState
from edge_gateway.agent.database import AgentDatabase, DeclaredNameRow, DeclaredVersionRow

_COLUMNS: TypeAdapter[list[ColumnAnchors]] = TypeAdapter(list[ColumnAnchors])

APPLICATION = "application"
SUBSCRIPTION = "subscription"
CAPABILITY = "capability"
VERSION = "version"
"""Named ``<capability>/<version>``, for two capabilities may have the same number."""


@dataclass(frozen=True, slots=True)
class DeclaredVersion:
    """What a verified package says about its answers and its data profile.

    Attributes:
        labels: Class names of the judged output; empty where feedback is not counted.
        anchors: Digest of the anchors; empty where there is no reference profile.
        columns: Anchors of each profiled column.
    """

    labels: tuple[str, ...]
    anchors: str
    columns: Sequence[ColumnAnchors]


class Declared:
    """Remembers for good: records of a version may leave after it was withdrawn."""

    def __init__(self, database: AgentDatabase) -> None:
        self._database = database
        with database.transaction() as session:
            self._names = {(row.kind, row.name) for row in session.scalars(select(DeclaredNameRow))}
            self._versions = {
                (row.capability, row.version): DeclaredVersion(
                    tuple(row.labels), row.anchors, _COLUMNS.validate_python(row.columns)
                )
                for row in session.scalars(select(DeclaredVersionRow))
            }

    def learn_state(self, state: DesiredState) -> None:
        """Remember the names of a verified state; call it before the gateway sees the state."""
        names = {(APPLICATION, application.client_id) for application in state.applications}
        names |= {(SUBSCRIPTION, subscription.id) for subscription in state.subscriptions}
        names |= {(CAPABILITY, subscription.capability) for subscription in state.subscriptions}
        for deployment in state.deployments:
            capability = deployment.capability
            names.add((CAPABILITY, capability))
            names |= {(VERSION, f"{capability}/{share.version}") for share in deployment.versions}
        new = names - self._names
        if new:
            with self._database.transaction() as session:
                _add_names(session, new)
            self._names |= new

    def learn_version(
        self, manifest: Manifest, columns: Sequence[ColumnAnchors], anchors: str
    ) -> None:
        """Remember what a verified package declares."""
        quality = manifest.quality
        labels = tuple(quality.labels or ())
        declared = DeclaredVersion(labels, anchors, columns)
        key = (manifest.name, manifest.version)
        if self._versions.get(key) == declared:
            return
        with self._database.transaction() as session:
            session.merge(
                DeclaredVersionRow(
                    capability=manifest.name,
                    version=manifest.version,
                    labels=list(labels),
                    anchors=anchors,
                    columns=_COLUMNS.dump_python(list(columns), mode="json"),
                )
            )
        self._versions[key] = declared

    def knows(self, kind: str, name: str) -> bool:
        """Tell whether a verified state ever named it."""
        return (kind, name) in self._names

    def knows_version(self, capability: str, version: str) -> bool:
        """Tell whether a verified state ever deployed it, or its package was ever verified here."""
        return self.knows(VERSION, f"{capability}/{version}") or (
            (capability, version) in self._versions
        )

    def version(self, capability: str, version: str) -> DeclaredVersion | None:
        """Return what a version declares, if its package was ever verified here."""
        return self._versions.get((capability, version))


def _add_names(session: Session, names: Iterable[tuple[str, str]]) -> None:
    for kind, name in names:
        session.merge(DeclaredNameRow(kind=kind, name=name))
