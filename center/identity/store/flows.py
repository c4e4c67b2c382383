"""Sign-ins at a provider that have begun, and are not back yet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from center.columns import Key, Line, UtcDateTime
from center.database import Base
from center.identity.domain import digest


class SignInFlowRow(Base):
    """One way to the provider and back; it is good once."""

    __tablename__ = "sign_in_flow"

    state_digest: Mapped[str] = mapped_column(Key, primary_key=True)
    browser_digest: Mapped[str] = mapped_column(Key)
    nonce: Mapped[str] = mapped_column(Key)
    verifier: Mapped[str] = mapped_column(Key)
    back_to: Mapped[str] = mapped_column(Line)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Flow:
    """What belongs to one sign-in at the provider.

    Attributes:
        nonce: Comes back in the ID token.
        verifier: Whose hash the provider was given (PKCE).
        back_to: Page of the console that was asked for.
    """

    nonce: str
    verifier: str
    back_to: str


class FlowStore:
    """Flows, by their state."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(self, state: str, browser: str, flow: Flow, expires_at: datetime) -> None:
        """Keep a flow that begins in a browser."""
        self._session.add(
            SignInFlowRow(
                state_digest=digest(state),
                browser_digest=digest(browser),
                nonce=flow.nonce,
                verifier=flow.verifier,
                back_to=flow.back_to,
                expires_at=expires_at,
            )
        )

    def take(self, state: str, browser: str, now: datetime) -> Flow | None:
        """Return and forget a flow; None where it is unknown, used, late or another browser's."""
        row = self._session.get(SignInFlowRow, digest(state), with_for_update=True)
        if row is None or row.browser_digest != digest(browser):
            return None
        self._session.delete(row)
        if row.expires_at <= now:
            return None
        return Flow(row.nonce, row.verifier, row.back_to)

    def drop_expired(self, now: datetime) -> None:
        """Forget those that never came back."""
        self._session.execute(delete(SignInFlowRow).where(SignInFlowRow.expires_at <= now))
