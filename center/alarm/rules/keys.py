"""Keys and certificates that run out without a successor."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.access.domain import Purpose
from center.access.store import SigningKeyRow
from center.alarm.domain import Finding, Rule, RuleName, Severity
from center.alarm.spans import in_words
from center.identity.store.places import EdgeRow
from center.instance.store import DesiredStateRow
from center.settings import CenterSettings

AHEAD = timedelta(days=14)
"""Before the last key of a purpose ends."""

LATE_ROTATION = timedelta(days=1)
"""The worker should have replaced the token key long ago by then."""

ISSUER_REST = 1 / 4
"""What is left of a certificate's life by then; it is renewed when a half is left."""


@dataclass(frozen=True, slots=True)
class _Keys:
    token_key_age: timedelta
    issuer_lifetime: timedelta

    def find(self, session: Session, now: datetime) -> Iterator[Finding]:
        newest: dict[str, SigningKeyRow] = {}
        for key in session.scalars(select(SigningKeyRow).order_by(SigningKeyRow.generation)):
            newest[key.purpose] = key
        yield from self._of_center(newest, now)
        yield from self._of_provinces(session, now)

    def _of_center(self, newest: dict[str, SigningKeyRow], now: datetime) -> Iterator[Finding]:
        ends = {
            purpose: key.expires_at
            for purpose, key in newest.items()
            if key.expires_at is not None and key.expires_at - now < AHEAD
        }
        token_key = newest.get(Purpose.TOKEN)
        if token_key is not None:
            due = token_key.active_from + self.token_key_age + LATE_ROTATION
            if due <= now:
                ends[Purpose.TOKEN] = due
        if ends:
            names = ", ".join(sorted(ends))
            yield Finding(
                rule=RuleName.KEY_EXPIRING,
                severity=Severity.WARNING,
                says={
                    "zh": f"中心密钥即将到期或未按期轮换：{names}",
                    "en": f"Keys of the center run out or were not rotated in time: {names}.",
                },
                evidence={purpose: end.isoformat() for purpose, end in ends.items()},
            )

    def _of_provinces(self, session: Session, now: datetime) -> Iterator[Finding]:
        row = DesiredStateRow
        due = now - (1 - ISSUER_REST) * self.issuer_lifetime
        statement = (
            select(EdgeRow.province, row.issued_at)
            .join(row, row.edge == EdgeRow.id)
            .where(EdgeRow.revoked_at.is_(None), row.issued_at <= due)
        )
        for province, issued_at in session.execute(statement):
            if issued_at is None:
                continue  # it has no document yet
            ends = issued_at + self.issuer_lifetime
            zh, en = in_words(max(ends - now, timedelta(0)))
            yield Finding(
                rule=RuleName.KEY_EXPIRING,
                severity=Severity.WARNING,
                province=province,
                says={
                    "zh": f"本省签发证书还有 {zh}到期，期望状态没有更新",
                    "en": f"The certificate of the province's issuer ends in {en}; its desired state"
                    " is not renewed.",
                },
                evidence={"expires_at": ends.isoformat()},
            )


def rule(settings: CenterSettings) -> Rule:
    """Return the rule for the lifetimes that are set."""
    keys = _Keys(settings.token_key_age, settings.issuer_lifetime)
    return Rule(RuleName.KEY_EXPIRING, keys.find, every=timedelta(minutes=5))
