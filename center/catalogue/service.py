"""What people read of the store, and what owners say in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from center.capability.domain import CapabilityVersion
from center.capability.errors import CapabilityNotFound
from center.capability.service import sight_of
from center.capability.store import CapabilityStore
from center.catalogue.domain import Facet, Here, Sort, Standing, Wanted
from center.catalogue.errors import NobodyOfThatName, NotYourListing
from center.catalogue.store import CatalogueStore, FacetStore, ListingStore, StandingStore
from center.catalogue.store.facets import FacetCount
from center.catalogue.store.listings import Listing
from center.catalogue.store.search import Front, Users
from center.catalogue.store.standings import DriftSaid
from center.discussion.domain import RatingSummary
from center.discussion.store import CommentStore, FavouriteStore, RatingStore
from center.identity.audit import record
from center.identity.store import UserStore
from center.instance.domain import Share
from center.instance.store import DeploymentStore
from center.paging import Page, Paging, map_page
from center.permissions import Actor, Role
from center.preconditions import require_match


@dataclass(frozen=True, slots=True)
class Card:
    """One capability as the store lists it to one reader.

    Attributes:
        provinces: Where it is deployed, sorted.
        standing: Use and quality where the reader looks; None where nothing was reported, or it
            is not theirs to see.
        drift: What is said of it there, the newest profile first.
    """

    front: Front
    provinces: tuple[str, ...]
    rating: RatingSummary
    is_favourite: bool
    standing: Standing | None
    drift: tuple[DriftSaid, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything that a capability's page shows at once.

    Attributes:
        running: Which versions share the traffic, in each province that the reader sees.
    """

    card: Card
    listing: Listing
    may_edit: bool
    versions: tuple[CapabilityVersion, ...]
    users: Users
    comments: int
    running: dict[str, tuple[Share, ...]]


def _running(session: Session, actor: Actor, card: Card) -> dict[str, tuple[Share, ...]]:
    if actor.owner not in (None, card.front.organisation):
        return {}
    seen = [province for province in card.provinces if actor.sees(province)]
    found = DeploymentStore(session).of_capability(card.front.name, seen)
    return {name: found[name].shares for name in seen if name in found}


def here_of(actor: Actor, province: str | None) -> Here:
    """Return whose figures a reader looks at.

    Raises:
        NotPermitted: The actor is confined to another province.
    """
    # What the country as a whole makes of a capability is no secret; a province's own figures are
    # for it, for the center, and for who owns the capability.
    return Here(actor.within(province), actor.owner if province is not None else None)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the store, whose figures they see, and when."""

    actor: Actor
    here: Here
    now: datetime


def search(
    session: Session, reader: Reader, wanted: Wanted, sort: Sort, paging: Paging
) -> Page[Card]:
    """Return a page of the store as a reader sees it; as many queries for one card as for all."""
    store = CatalogueStore(session)
    page = store.page(reader.here, wanted, sort, paging, reader.now)
    cards = iter(_cards(session, reader, page.items))
    return map_page(page, lambda _: next(cards))


def facets(session: Session, reader: Reader, wanted: Wanted) -> dict[Facet, list[FacetCount]]:
    """Count what each facet would leave of a search."""
    return FacetStore(session).counts(reader.here, wanted, reader.now)


def detail(session: Session, reader: Reader, name: str) -> Detail:
    """Return what a capability's page shows.

    Raises:
        CapabilityNotFound: The store lists no such capability.
    """
    store = CatalogueStore(session)
    front = require_listed(session, name, reader.now)
    (card,) = _cards(session, reader, [front])
    return Detail(
        card=card,
        listing=ListingStore(session).get(name),
        may_edit=_may_edit(reader.actor, front.organisation),
        versions=tuple(store.listed(name)),
        users=store.users(name),
        comments=CommentStore(session).count(name),
        running=_running(session, reader.actor, card),
    )


def require_listed(session: Session, name: str, now: datetime) -> Front:
    """Return the version that stands for a capability.

    Raises:
        CapabilityNotFound: The store lists no such capability.
    """
    front = CatalogueStore(session).find(name, now)
    if front is None:
        raise CapabilityNotFound(f"{name} is not in the store.")
    return front


@dataclass(frozen=True, slots=True)
class Words:
    """What an owner may say of a capability beside its versions; None takes it back."""

    task: str | None
    accountable: str | None
    runbook_url: str | None


def describe(
    session: Session, actor: Actor, name: str, words: Words, *, if_match: str | None, at: datetime
) -> Listing:
    """Say what a capability is for, and who answers for it.

    Raises:
        CapabilityNotFound: The actor does not see the capability.
        NotYourListing: Another organisation owns it.
        NobodyOfThatName: The accountable person has no account.
        PreconditionFailed: It changed meanwhile.
    """
    owner = CapabilityStore(session).require_seen(name, sight_of(actor))
    if not _may_edit(actor, owner):
        raise NotYourListing(f"{name} belongs to {owner}: ask there, or an admin.")
    person = words.accountable
    if person is not None and UserStore(session).find_with_password(person) is None:
        raise NobodyOfThatName(f"There is nobody called {person}: name a user of this center.")
    store = ListingStore(session)
    was = store.get(name, lock=True)
    require_match(if_match, was.revision)
    item = Listing(
        name,
        words.task,
        words.accountable,
        words.runbook_url,
        was.revision + 1,
        actor.name,
        at,
    )
    store.put(item)
    detail = {"task": item.task, "accountable": item.accountable, "runbook": item.runbook_url}
    record(session, actor, "listing.changed", f"capability/{name}", detail)
    return item


def _may_edit(actor: Actor, owner: str) -> bool:
    is_owner = actor.role is Role.ENGINEER and actor.organisation == owner
    return is_owner or actor.is_admin


def _cards(session: Session, reader: Reader, fronts: Sequence[Front]) -> list[Card]:
    names = [front.name for front in fronts]
    provinces = CatalogueStore(session).provinces_of(names)
    ratings = RatingStore(session).summaries(names)
    kept = FavouriteStore(session).of(reader.actor.name)
    standings = StandingStore(session).of(reader.here, names)
    drift = StandingStore(session).verdicts(reader.here, names)
    return [
        Card(
            front=front,
            provinces=tuple(provinces.get(front.name, ())),
            rating=ratings.get(front.name, RatingSummary()),
            is_favourite=front.name in kept,
            standing=standings.get(front.name),
            drift=tuple(drift.get(front.name, ())),
        )
        for front in fronts
    ]
