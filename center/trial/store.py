"""Rows and queries of trials."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.manifest import Titles
from center.access.trials import TrialTerms, TrialTermsRow
from center.columns import Key, UtcDateTime
from center.database import Base
from center.identity.store.places import EdgeRow, ProvinceRow, serving_provinces
from center.instance.store import DeploymentRow
from center.trial.domain import TrialPlace, TrialToken


class TrialAllowanceRow(Base):
    """Calls that one person's tokens of one day allow for one capability."""

    __tablename__ = "trial_allowance"

    person: Mapped[str] = mapped_column(Key, primary_key=True)
    capability: Mapped[str] = mapped_column(Key, primary_key=True)
    day: Mapped[str] = mapped_column(Key, primary_key=True)
    used: Mapped[int] = mapped_column()


class TrialTokenRow(Base):
    """A trial token that was given out, without the token."""

    __tablename__ = "trial_token"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    person: Mapped[str] = mapped_column(Key)
    capability: Mapped[str] = mapped_column(Key, index=True)
    province: Mapped[str] = mapped_column(Key)
    calls: Mapped[int] = mapped_column()
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used: Mapped[int] = mapped_column()


class TrialStore:
    """Trials of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def places(self, capability: str) -> list[TrialPlace]:
        """Return where a capability runs, by province."""
        statement = (
            select(DeploymentRow, EdgeRow, ProvinceRow, TrialTermsRow)
            .join(EdgeRow, EdgeRow.province == DeploymentRow.province)
            .join(ProvinceRow, ProvinceRow.name == DeploymentRow.province)
            .outerjoin(TrialTermsRow, TrialTermsRow.province == DeploymentRow.province)
            .where(
                DeploymentRow.capability == capability,
                DeploymentRow.present,
                EdgeRow.revoked_at.is_(None),
            )
            .order_by(DeploymentRow.province)
        )
        return [_place(*row) for row in self._session.execute(statement)]

    def gateways(self) -> list[str]:
        """Return the addresses of the gateways at which capabilities can be tried."""
        statement = (
            select(EdgeRow.gateway_url)
            .outerjoin(TrialTermsRow, TrialTermsRow.province == EdgeRow.province)
            .where(
                EdgeRow.revoked_at.is_(None),
                EdgeRow.province.in_(serving_provinces()),
                func.coalesce(TrialTermsRow.enabled, TrialTerms().enabled),
            )
        )
        return list(self._session.scalars(statement))

    def used(self, person: str, capability: str, day: str) -> int:
        """Return how many calls a person's tokens of a day allowed already."""
        row = self._session.get(TrialAllowanceRow, (person, capability, day))
        return 0 if row is None else row.used

    def take(self, person: str, capability: str, day: str, calls: int, limit: int) -> int | None:
        """Take calls of a person's day; two requests at once never take the same one.

        Returns:
            How many are taken now; None where fewer than ``calls`` are left, and none is taken.
        """
        row = self._locked(person, capability, day)
        if row.used + calls > limit:
            return None
        row.used += calls
        return row.used

    def add(self, token: TrialToken) -> None:
        """Keep a token that is given out."""
        values = {name: getattr(token, name) for name in TrialToken.__dataclass_fields__}
        self._session.add(TrialTokenRow(**values))

    def find(self, token_id: str) -> TrialToken | None:
        """Return a token that was given out."""
        row = self._session.get(TrialTokenRow, token_id)
        return None if row is None else _token(row)

    def known(self, token_ids: set[str]) -> dict[str, TrialToken]:
        """Return those of some tokens that were given out, by id."""
        row = TrialTokenRow
        found = self._session.scalars(select(row).where(row.id.in_(sorted(token_ids))))
        return {item.id: _token(item) for item in found}

    def count_calls(self, calls: Mapping[str, int]) -> None:
        """Add calls that a province reported; the caller holds the province's lock."""
        for token_id, count in sorted(calls.items()):
            row = self._session.get(TrialTokenRow, token_id)
            if row is not None:
                row.used += count

    def forget(self, before: datetime) -> None:
        """Delete tokens that expired, and days that ended, before a moment."""
        row = TrialTokenRow
        self._session.execute(delete(row).where(row.expires_at < before))
        day = before.date().isoformat()
        self._session.execute(delete(TrialAllowanceRow).where(TrialAllowanceRow.day < day))

    def _locked(self, person: str, capability: str, day: str) -> TrialAllowanceRow:
        key = {"person": person, "capability": capability, "day": day}
        row = self._session.get(TrialAllowanceRow, key, with_for_update=True)
        if row is not None:
            return row
        row = TrialAllowanceRow(**key, used=0)
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError:
            # Somebody else began the day at the same moment.
            return self._session.get_one(TrialAllowanceRow, key, with_for_update=True)
        return row


def _place(
    deployment: DeploymentRow,
    edge: EdgeRow,
    province: ProvinceRow,
    terms: TrialTermsRow | None,
) -> TrialPlace:
    shares: list[dict[str, Any]] = [item for item in deployment.shares if item["weight"]]
    shares.sort(key=lambda item: -item["weight"])
    return TrialPlace(
        province=deployment.province,
        titles=Titles(zh=province.title_zh, en=province.title_en),
        gateway_url=edge.gateway_url,
        versions=tuple(item["version"] for item in shares),
        is_open=TrialTerms().enabled if terms is None else terms.enabled,
    )


def _token(row: TrialTokenRow) -> TrialToken:
    return TrialToken(**{name: getattr(row, name) for name in TrialToken.__dataclass_fields__})
