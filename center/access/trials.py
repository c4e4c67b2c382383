"""What may be tried in a province before anybody subscribes, and the tokens for it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Double, ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.state import TrialRules
from capability_sdk.contracts.tokens import credential_mark
from center.database import Base
from center.identity import audit
from center.identity.store import PlaceStore
from center.permissions import Actor


@dataclass(frozen=True, slots=True)
class TrialTerms:
    """What an admin decided about a province's trials; all of them together have these limits."""

    enabled: bool = True
    concurrency: int = 2
    rate_per_second: float = 5.0


class TrialTermsRow(Base):
    """A province's trials; without a row the default holds."""

    __tablename__ = "trial_terms"

    province: Mapped[str] = mapped_column(ForeignKey("province.name"), primary_key=True)
    enabled: Mapped[bool] = mapped_column()
    concurrency: Mapped[int] = mapped_column()
    rate_per_second: Mapped[float] = mapped_column(Double)


def terms_of(session: Session, province: str) -> TrialTerms:
    """Return what is decided for a province; the default where nothing is."""
    row = session.get(TrialTermsRow, province)
    if row is None:
        return TrialTerms()
    return TrialTerms(row.enabled, row.concurrency, row.rate_per_second)


def decide(
    session: Session, actor: Actor, province: str, terms: TrialTerms, now: datetime
) -> TrialTerms:
    """Decide about a province's trials; it holds with the next desired state.

    Raises:
        NotFound: There is no such province.
    """
    PlaceStore(session).get(province)
    session.merge(TrialTermsRow(province=province, **asdict(terms)))
    audit.record(session, actor, "trials.decided", f"province/{province}", asdict(terms), at=now)
    return terms


def rules_of(session: Session, province: str, origins: tuple[str, ...]) -> TrialRules | None:
    """Return what desired state says about trials; None where there are none."""
    terms = terms_of(session, province)
    if not terms.enabled:
        return None
    return TrialRules(
        origins=list(origins),
        concurrency=terms.concurrency,
        rate_per_second=terms.rate_per_second,
    )


def caller_of(person: str) -> str:
    """Name a person to a gateway; the province does not learn who it is."""
    return f"person-{sha256(person.encode()).hexdigest()[:24]}"


def person_mark(person: str) -> str:
    """Name what all trial tokens of a person fall with, when the account is disabled."""
    return credential_mark(f"person/{person}")
