"""Use cases of the document hub."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from capability_sdk.contracts.errors import InvalidRequest
from capability_sdk.contracts.manifest import Manifest, Titles
from center.capability.difference.contract import ContractDifference, compare_contracts
from center.capability.domain import Stage, precedence
from center.capability.service import sight_of
from center.capability.store import CapabilityStore
from center.documents.fields import Contract, ContractField
from center.documents.store import Affected, ContractMemory, DocumentStore, Listed
from center.identity.store import PlaceStore
from center.paging import Page, Paging
from center.permissions import Actor
from center.reach import reach_of

_MOST_AFFECTED = 500
_NOTHING = ContractDifference(changes=[], breaking=False)


@dataclass(frozen=True, slots=True)
class Question:
    """What a search asks for; empty members ask for everything.

    Attributes:
        words: Each must occur in the head of a contract or in one of its fields.
        owner: Organisation that owns the name.
        domain: The exact domain.
    """

    words: tuple[str, ...] = ()
    owner: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A capability that a search found, and where."""

    contract: Contract
    stage: Stage
    matches: tuple[ContractField, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Two versions of a capability, and whom the step between them breaks."""

    capability: str
    before: str
    after: str
    difference: ContractDifference
    affected: Sequence[Affected]
    affected_total: int


@dataclass(frozen=True, slots=True)
class ChangeNotice:
    """One publication beside the version before it."""

    capability: str
    titles: Titles
    version: str
    stage: Stage
    published_at: datetime
    previous: str | None
    difference: ContractDifference


def search(
    session: Session, memory: ContractMemory, question: Question, paging: Paging
) -> Page[Hit]:
    """Return a page of the capabilities whose contract answers to every word, by name.

    Raises:
        InvalidRequest: The cursor is not one of this list.
    """
    listed = DocumentStore(session).foremost(question.owner, question.domain)
    contracts = memory.of(session, {item.package_digest for item in listed})
    hits = []
    for item in listed:
        contract = contracts[item.package_digest]
        matches = contract.matching(question.words)
        if matches is not None:
            hits.append(Hit(contract, item.stage, matches))
    return _page(hits, paging)


def _page(hits: list[Hit], paging: Paging) -> Page[Hit]:
    names = [hit.contract.manifest.name for hit in hits]
    begin = 0
    if paging.cursor is not None:
        if not paging.cursor.isascii():
            raise InvalidRequest("The cursor is not one of this list.")
        begin = sum(name <= paging.cursor for name in names)
    end = begin + paging.limit
    following = names[end - 1] if end < len(names) else None
    return Page.model_construct(items=hits[begin:end], next=following, total=len(hits))


def gateways_of(session: Session, actor: Actor, province: str | None) -> list[str]:
    """Return the addresses where a reader may call: of the province that is asked for.

    Raises:
        NotFound: The actor does not see the province.
    """
    if province is None:
        return []
    actor.hide_unless_seen(province, f"province {province}")
    edge = PlaceStore(session).find_edge_of(province)
    return [] if edge is None or edge.revoked_at is not None else [edge.gateway_url]


def compare(session: Session, actor: Actor, name: str, before: str, after: str) -> Changes:
    """Compare two versions, and name the subscriptions that the step breaks.

    Raises:
        CapabilityNotFound: The actor sees no such version.
    """
    store, sight = CapabilityStore(session), sight_of(actor)
    old, new = (store.get(name, version, sight).manifest for version in (before, after))
    difference = compare_contracts(old, new)
    affected: Sequence[Affected] = ()
    total = 0
    if difference.breaking:
        reach = reach_of(session, actor)
        affected, total = DocumentStore(session).affected(name, reach, _MOST_AFFECTED)
    return Changes(name, before, after, difference, affected, total)


def notices(
    session: Session,
    memory: ContractMemory,
    actor: Actor,
    capability: str | None,
    paging: Paging,
    *,
    only_subscribed: bool,
) -> Page[ChangeNotice]:
    """Return a page of publications, newest first, each beside the version before it.

    Raises:
        InvalidRequest: The cursor is not one of this list.
    """
    store = DocumentStore(session)
    within = reach_of(session, actor) if only_subscribed else None
    page = store.published(capability, within, paging)
    versions = store.versions({item.name for item in page.items})
    before = [_before(versions[item.name], item.version) for item in page.items]
    contracts = memory.of(
        session, {item.package_digest for item in (*page.items, *before) if item is not None}
    )

    def manifest(item: Listed) -> Manifest:
        return contracts[item.package_digest].manifest

    items = [
        ChangeNotice(
            capability=item.name,
            titles=manifest(item).titles,
            version=item.version,
            stage=item.stage,
            published_at=item.published_at,
            previous=None if old is None else old.version,
            difference=_NOTHING
            if old is None
            else compare_contracts(manifest(old), manifest(item)),
        )
        for item, old in zip(page.items, before, strict=True)
        if item.published_at is not None
    ]
    return Page.model_construct(items=items, next=page.next, total=page.total)


def _before(versions: list[Listed], version: str) -> Listed | None:
    lower = [item for item in versions if precedence(item.version) < precedence(version)]
    return lower[-1] if lower else None
