"""Every query of the document hub; it keeps nothing of its own."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, load_only

from capability_sdk.contracts.manifest import Manifest
from center.capability.domain import LISTED, Stage, precedence
from center.capability.rows import CapabilityVersionRow
from center.documents.fields import Contract, contract_of
from center.paging import Page, Paging, fetch_page, map_page
from center.reach import Reach
from center.subscription.domain import GRANTED
from center.subscription.store import SubscriptionRow

_REMEMBERED = 4096


class ContractMemory:
    """Contracts by package digest, which names a content for good: each is read once."""

    def __init__(self) -> None:
        self._known: dict[str, Contract] = {}

    def of(self, session: Session, digests: Collection[str]) -> dict[str, Contract]:
        """Return the contracts of some packages; one query for all that are new."""
        known = self._known
        missing = [digest for digest in digests if digest not in known]
        if missing:
            if len(known) + len(missing) > _REMEMBERED:
                # Another dictionary, since a request in another thread may read this one.
                known = self._known = {}
                missing = list(digests)
            row = CapabilityVersionRow
            statement = select(row.package_digest, row.manifest).where(
                row.package_digest.in_(missing)
            )
            for digest, manifest in session.execute(statement):
                known[digest] = contract_of(Manifest.model_validate(manifest))
        return {digest: known[digest] for digest in digests}


@dataclass(frozen=True, slots=True)
class Listed:
    """A version that everybody may read about."""

    name: str
    version: str
    stage: Stage
    package_digest: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Affected:
    """A subscription whose caller meets a change."""

    subscription: str
    application: str
    province: str


class DocumentStore:
    """Contracts and who stands on them, of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def foremost(self, owner: str | None, domain: str | None) -> list[Listed]:
        """Return the version that stands for each capability, by name."""
        row = CapabilityVersionRow
        statement = select(row).where(_is_listed())
        if owner is not None:
            statement = statement.where(row.organisation == owner)
        if domain is not None:
            statement = statement.where(row.domain == domain)
        best: dict[str, Listed] = {}
        for item in self._read(statement):
            if item.name not in best or _standing(item) > _standing(best[item.name]):
                best[item.name] = item
        return sorted(best.values(), key=lambda item: item.name)

    def versions(self, names: Collection[str]) -> dict[str, list[Listed]]:
        """Return the listed versions of some capabilities, lowest number first."""
        found: dict[str, list[Listed]] = {}
        row = CapabilityVersionRow
        for item in self._read(select(row).where(_is_listed(), row.capability.in_(names))):
            found.setdefault(item.name, []).append(item)
        for versions in found.values():
            versions.sort(key=lambda item: precedence(item.version))
        return found

    def published(
        self, capability: str | None, subscribed_in: Reach | None, paging: Paging
    ) -> Page[Listed]:
        """Return a page of publications, newest first.

        Args:
            capability: Only of this one.
            subscribed_in: Only of what is subscribed to within this reach.
            paging: Which page.
        """
        row = CapabilityVersionRow
        statement = select(row).where(_is_listed(), row.published_at.is_not(None))
        if capability is not None:
            statement = statement.where(row.capability == capability)
        if subscribed_in is not None:
            granted = _granted(subscribed_in).with_only_columns(SubscriptionRow.capability)
            statement = statement.where(row.capability.in_(granted))
        key = [row.published_at, row.capability, row.version]
        statement = statement.options(_HEAD)
        return map_page(
            fetch_page(self._session, statement, paging, key=key, descending=True), _to_listed
        )

    def affected(self, capability: str, reach: Reach, limit: int) -> tuple[Sequence[Affected], int]:
        """Return who may call a capability within a reach: the first of them, and how many."""
        statement = _granted(reach.within(province=None, capability=capability))
        total = self._session.scalar(select(func.count()).select_from(statement.subquery())) or 0
        row = SubscriptionRow
        rows = self._session.scalars(statement.order_by(row.province, row.id).limit(limit))
        return [Affected(found.id, found.application, found.province) for found in rows], total

    def _read(self, statement: Select[CapabilityVersionRow]) -> Iterator[Listed]:
        return map(_to_listed, self._session.scalars(statement.options(_HEAD)))


_HEAD = load_only(
    CapabilityVersionRow.stage,
    CapabilityVersionRow.package_digest,
    CapabilityVersionRow.published_at,
    raiseload=True,
)
"""Beside the key; a manifest weighs more than all of these, and is read once (`ContractMemory`)."""


def _is_listed() -> ColumnElement[bool]:
    return CapabilityVersionRow.stage.in_(sorted(LISTED))


def _to_listed(row: CapabilityVersionRow) -> Listed:
    return Listed(
        row.capability, row.version, Stage(row.stage), row.package_digest, row.published_at
    )


def _granted(reach: Reach) -> Select[SubscriptionRow]:
    row = SubscriptionRow
    statement = select(row).where(row.status.in_(sorted(GRANTED)))
    if reach.provinces is not None:
        statement = statement.where(row.province.in_(sorted(reach.provinces)))
    if reach.capabilities is not None:
        statement = statement.where(row.capability.in_(sorted(reach.capabilities)))
    return statement


def _standing(item: Listed) -> tuple[bool, tuple[int, int, int]]:
    return item.stage is Stage.PUBLISHED, precedence(item.version)
