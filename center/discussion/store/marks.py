"""Ratings and favourites: one of each for a person and a capability."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.database import upsert
from center.discussion.domain import STARS, Rating, RatingSummary, Voice
from center.discussion.rows import FavouriteRow, RatingRow
from center.paging import Page, Paging, fetch_page, map_page


class RatingStore:
    """Ratings of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, item: Rating) -> None:
        """Keep a person's rating in place of their last one."""
        row = RatingRow(
            capability=item.capability,
            author=item.voice.name,
            role=item.voice.role,
            organisation=item.voice.organisation,
            stars=item.stars,
            text=item.text,
            at=item.at,
        )
        upsert(self._session, row)

    def drop(self, capability: str, author: str) -> bool:
        """Take a person's rating away; False where there was none."""
        found = self._session.get(RatingRow, (capability, author))
        if found is not None:
            self._session.delete(found)
        return found is not None

    def find(self, capability: str, author: str) -> Rating | None:
        """Return a person's own rating."""
        row = self._session.get(RatingRow, (capability, author))
        return None if row is None else _to_rating(row)

    def page(self, capability: str, paging: Paging) -> Page[Rating]:
        """Return a page of a capability's ratings, newest first."""
        row = RatingRow
        statement = select(row).where(row.capability == capability)
        page = fetch_page(
            self._session, statement, paging, key=[row.at, row.author], descending=True
        )
        return map_page(page, _to_rating)

    def summaries(self, capabilities: Collection[str]) -> dict[str, RatingSummary]:
        """Count the ratings of capabilities; those without one are missing."""
        row = RatingRow
        statement = (
            select(row.capability, row.stars, func.count())
            .where(row.capability.in_(capabilities))
            .group_by(row.capability, row.stars)
        )
        counts: dict[str, list[int]] = {}
        for capability, stars, count in self._session.execute(statement):
            counts.setdefault(capability, [0] * len(STARS))[stars - 1] = count
        return {name: RatingSummary(tuple(found)) for name, found in counts.items()}


class FavouriteStore:
    """Favourites of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, person: str, capability: str, at: datetime) -> None:
        """Keep a capability at hand; once is enough."""
        upsert(self._session, FavouriteRow(person=person, capability=capability, at=at))

    def drop(self, person: str, capability: str) -> None:
        """Let a capability go."""
        found = self._session.get(FavouriteRow, (person, capability))
        if found is not None:
            self._session.delete(found)

    def of(self, person: str) -> frozenset[str]:
        """Return the capabilities that somebody keeps at hand."""
        row = FavouriteRow
        return frozenset(self._session.scalars(select(row.capability).where(row.person == person)))


def _to_rating(row: RatingRow) -> Rating:
    voice = Voice(row.author, row.role, row.organisation)
    return Rating(row.capability, voice, row.stars, row.text, row.at)
