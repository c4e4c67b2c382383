"""Rows and queries of the access domain."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import Conflict
from center.access.domain import Delegation, IssuerKey, Purpose, SigningKey
from center.access.errors import InvalidClient
from center.columns import Bytes, Json, Key, UtcDateTime
from center.database import Base
from center.identity.domain import digest


class SigningKeyRow(Base):
    """A key pair; rows are never deleted, because the key set's version counts them."""

    __tablename__ = "signing_key"
    __table_args__ = (UniqueConstraint("purpose", "generation"),)

    kid: Mapped[str] = mapped_column(Key, primary_key=True)
    purpose: Mapped[str] = mapped_column(Key)
    generation: Mapped[int] = mapped_column()
    public_jwk: Mapped[dict[str, Any]] = mapped_column(Json)
    sealed: Mapped[bytes] = mapped_column(Bytes)
    active_from: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DelegationRow(Base):
    """What an admin decided about a province's delegated issuer; none means the default."""

    __tablename__ = "delegation"

    province: Mapped[str] = mapped_column(ForeignKey("province.name"), primary_key=True)
    enabled: Mapped[bool] = mapped_column()
    limited: Mapped[bool] = mapped_column()
    capabilities: Mapped[list[str]] = mapped_column(Json)


class IssuerKeyRow(Base):
    """The public key of an edge's delegated issuer."""

    __tablename__ = "issuer_key"

    edge: Mapped[str] = mapped_column(ForeignKey("edge.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column()
    public_jwk: Mapped[dict[str, Any]] = mapped_column(Json)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class UsedAssertionRow(Base):
    """An edge's assertion that was used; kept until it would have expired."""

    __tablename__ = "used_assertion"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class RevokedTokenRow(Base):
    """An access token that gateways refuse before it expires."""

    __tablename__ = "revoked_token"

    jti: Mapped[str] = mapped_column(Key, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class DelegationStore:
    """What provinces' delegated issuers may do, and the keys that they sign with."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, province: str) -> Delegation:
        """Return what is decided for a province; the default where nothing is."""
        row = self._session.get(DelegationRow, province)
        if row is None:
            return Delegation()
        return Delegation(row.enabled, tuple(row.capabilities) if row.limited else None)

    def put(self, province: str, delegation: Delegation) -> None:
        """Keep what is decided for a province."""
        self._session.merge(
            DelegationRow(
                province=province,
                enabled=delegation.enabled,
                limited=delegation.capabilities is not None,
                capabilities=list(delegation.capabilities or ()),
            )
        )

    def find_key(self, edge: str, epoch: int) -> IssuerKey | None:
        """Return the key that an edge registered in this enrolment."""
        row = self._session.get(IssuerKeyRow, edge)
        if row is None or row.epoch != epoch:
            return None
        return IssuerKey(row.edge, row.epoch, row.public_jwk, row.since)

    def put_key(self, key: IssuerKey) -> None:
        """Keep an edge's key instead of the one before."""
        self._session.merge(
            IssuerKeyRow(edge=key.edge, epoch=key.epoch, public_jwk=key.public_jwk, since=key.since)
        )


class AccessStore:
    """Keys, used assertions and revocations of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keys(self, purpose: Purpose, *, lock: bool = False) -> list[SigningKey]:
        """Return every key of a purpose, newest first, locked until the end if asked."""
        statement = select(SigningKeyRow).where(SigningKeyRow.purpose == purpose)
        statement = statement.order_by(SigningKeyRow.generation.desc())
        if lock:
            statement = statement.with_for_update()
        return [_key(row) for row in self._session.scalars(statement)]

    def add_key(self, key: SigningKey) -> None:
        """Keep a new key.

        Raises:
            Conflict: Somebody else made this generation in the meantime.
        """
        row = SigningKeyRow(
            kid=key.kid,
            purpose=key.purpose,
            generation=key.generation,
            public_jwk=key.public_jwk,
            sealed=key.sealed,
            active_from=key.active_from,
            expires_at=key.expires_at,
        )
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            raise Conflict("Another key was made at the same moment.") from error

    def expire_key(self, kid: str, at: datetime) -> None:
        """Say until when a key is published."""
        self._session.get_one(SigningKeyRow, kid).expires_at = at

    def use_assertion(self, edge: str, jti: str, expires_at: datetime, now: datetime) -> None:
        """Note that an assertion was used.

        Raises:
            InvalidClient: It was used before.
        """
        self._session.execute(delete(UsedAssertionRow).where(UsedAssertionRow.expires_at <= now))
        row = UsedAssertionRow(id=digest(f"{edge}\n{jti}"), expires_at=expires_at)
        try:
            with self._session.begin_nested():
                self._session.add(row)
        except IntegrityError as error:
            raise InvalidClient("The edge could not be authenticated.") from error

    def revoke(self, jti: str, expires_at: datetime) -> None:
        """Refuse a token from now on; once more changes nothing."""
        self._session.merge(RevokedTokenRow(jti=jti, expires_at=expires_at))

    def revoked(self, now: datetime) -> list[str]:
        """Return the ids of tokens that are revoked and would not be expired yet, sorted."""
        statement = select(RevokedTokenRow.jti).where(RevokedTokenRow.expires_at > now)
        return list(self._session.scalars(statement.order_by(RevokedTokenRow.jti)))


def _key(row: SigningKeyRow) -> SigningKey:
    return SigningKey(
        kid=row.kid,
        purpose=Purpose(row.purpose),
        generation=row.generation,
        public_jwk=row.public_jwk,
        sealed=row.sealed,
        active_from=row.active_from,
        expires_at=row.expires_at,
    )
