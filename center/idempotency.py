"""``Idempotency-Key``: a creation that is sent twice happens once, and is answered the same.

The answer is kept for a day, sealed with a key made from the caller's own ``Idempotency-Key``:
answers may hold secrets that are shown once, and the database must not be where to find them.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from capability_sdk.contracts.errors import Conflict
from center.clock import ClockDep
from center.columns import Bytes, Key, UtcDateTime
from center.database import Base, SessionDep
from center.permissions import ActorDep

KEPT = timedelta(hours=24)
V = TypeVar("V", bound=BaseModel)


class IdempotencyKeyReused(Conflict):
    """The same key came with another request."""

    code = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another request"


class StoredAnswerRow(Base):
    """The answer of one creation."""

    __tablename__ = "stored_answer"

    key_digest: Mapped[str] = mapped_column(Key, primary_key=True)
    request_digest: Mapped[str] = mapped_column(Key)
    sealed: Mapped[bytes] = mapped_column(Bytes)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Once:
    """Runs a creation unless its key was seen; the record is part of the same transaction."""

    def __init__(
        self, session: Session, *, key: str | None, scope: str, request: bytes, now: datetime
    ) -> None:
        self._session = session
        self._key = key
        self._scope = scope
        self._request = hashlib.sha256(request).hexdigest()
        self._now = now

    def __call__(self, make: Callable[[], V], kind: type[V]) -> V:
        """Make the answer, or return the one that was given before.

        Args:
            make: Creates, and returns the view that is answered.
            kind: Class of the view.

        Raises:
            IdempotencyKeyReused: The key came before with another body or address.
        """
        if self._key is None:
            return make()
        digest = hashlib.sha256(f"{self._scope}\n{self._key}".encode()).hexdigest()
        self._session.execute(
            delete(StoredAnswerRow).where(StoredAnswerRow.created_at < self._now - KEPT)
        )
        row = self._session.get(StoredAnswerRow, digest)
        if row is not None:
            return self._replay(row, kind)
        row = self._claim(digest)
        answer = make()
        row.sealed = self._seal(digest, answer.model_dump_json().encode())
        return answer

    def _claim(self, digest: str) -> StoredAnswerRow:
        row = StoredAnswerRow(
            key_digest=digest, request_digest=self._request, sealed=b"", created_at=self._now
        )
        self._session.add(row)
        try:
            self._session.flush()
        except IntegrityError as error:
            raise Conflict("The same request is being served now; ask again.") from error
        return row

    def _replay(self, row: StoredAnswerRow, kind: type[V]) -> V:
        if row.request_digest != self._request:
            raise IdempotencyKeyReused("Take a new Idempotency-Key for another request.")
        return kind.model_validate_json(self._open(row.key_digest, row.sealed))

    def _seal(self, digest: str, plain: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self._secret()).encrypt(nonce, plain, digest.encode())

    def _open(self, digest: str, sealed: bytes) -> bytes:
        return AESGCM(self._secret()).decrypt(sealed[:12], sealed[12:], digest.encode())

    def _secret(self) -> bytes:
        derive = HKDF(SHA256(), 32, salt=self._scope.encode(), info=self._request.encode())
        return derive.derive((self._key or "").encode())


async def _body(request: Request) -> bytes:
    return await request.body()


def _once(
    request: Request,
    session: SessionDep,
    actor: ActorDep,
    clock: ClockDep,
    body: Annotated[bytes, Depends(_body)],
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=16,
            max_length=200,
            description="Random, such as a UUID; the same creation sent again is answered the same.",
        ),
    ] = None,
) -> Once:
    scope = f"{actor.kind}:{actor.name}"
    content = f"{request.method} {request.url.path}\n".encode() + body
    return Once(session, key=idempotency_key, scope=scope, request=content, now=clock())


OnceDep = Annotated[Once, Depends(_once, scope="function")]
"""``once(lambda: service.create(...), kind=View)`` in a route that creates."""
