"""``agent.db``: what the agent must remember exactly; everything else can be derived again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from edge_gateway.agent.errors import DatabaseUnwritable


class Base(DeclarativeBase):
    """Tables of the agent."""


class CursorRow(Base):
    """How far a consumer has read one epoch of a spool folder; ``ship`` is the watermark."""

    __tablename__ = "cursors"
    consumer: Mapped[str] = mapped_column(primary_key=True)
    stream: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class OutboxRow(Base):
    """A record decided in a transaction, on its way into the spool at exactly this place."""

    __tablename__ = "outbox"
    stream: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    payload: Mapped[bytes]


class LeaseRow(Base):
    """Calls of a subscription's day that were granted to the gateways."""

    __tablename__ = "leases"
    subscription: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[int] = mapped_column(primary_key=True)
    granted: Mapped[int] = mapped_column(BigInteger)


class ProfileSumRow(Base):
    """Counts of one capability version's hour that have not left yet."""

    __tablename__ = "profile_sums"
    capability: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Start of the hour, seconds since 1970."""
    anchors: Mapped[str] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)
    counts: Mapped[dict[str, list[int]]] = mapped_column(JSON)
    since: Mapped[float]


class FeedbackRow(Base):
    """What an application said about one row; it stays here, only its count leaves."""

    __tablename__ = "feedback"
    request_id: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    application: Mapped[str] = mapped_column(primary_key=True)
    truth: Mapped[Any] = mapped_column(JSON)
    at: Mapped[float] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(default="waiting")


class QualitySumRow(Base):
    """Confusion counts that have not left yet; ``predicted`` -1 holds the rows predicted."""

    __tablename__ = "quality_sums"
    capability: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Start of the hour, seconds since 1970."""
    predicted: Mapped[int] = mapped_column(primary_key=True)
    actual: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class DeclaredNameRow(Base):
    """A name that stood in a verified desired state; only such names ever leave."""

    __tablename__ = "declared_names"
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)


class DeclaredVersionRow(Base):
    """What a verified package declares: its labels, and the cells of its data profile."""

    __tablename__ = "declared_versions"
    capability: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    labels: Mapped[list[str]] = mapped_column(JSON)
    anchors: Mapped[str]
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class CounterRow(Base):
    """Things that were left out by rule: nothing is dropped without being counted."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


def open_engine(path: Path) -> Engine:
    """Open a SQLite file so that a committed transaction survives a power cut."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _: object) -> None:
        # The driver's own BEGIN would come too late, after the first read.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event passes its Connection
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class AgentDatabase:
    """Hands out transactions, one at a time; call it from worker threads only."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            DatabaseUnwritable: That is not possible.
        """
        self._turn = threading.Lock()
        self.trouble: str | None = None
        """Why nothing can be stored now; None while all is well."""
        try:
            path.touch(mode=0o600)
            self.engine = open_engine(path)
            Base.metadata.create_all(self.engine)
        except (DatabaseError, OSError) as error:
            raise DatabaseUnwritable(f"{path.name} cannot be used: {_cause(error)}.") from error

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commit what the block did, or nothing of it.

        Raises:
            DatabaseUnwritable: The disk refused; nothing of the block was stored.
        """
        try:
            with self._turn, Session(self.engine) as session, session.begin():
                yield session
        except DatabaseError as error:
            self.trouble = f"agent.db cannot be written: {_cause(error)}."
            raise DatabaseUnwritable(self.trouble) from error
        self.trouble = None

    def close(self) -> None:
        """Release the file."""
        self.engine.dispose()


def _cause(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error)


def count(session: Session, name: str, amount: int = 1) -> None:
    """Add to a counter, within the caller's transaction."""
    row = session.get(CounterRow, name)
    if row is None:
        session.add(CounterRow(name=name, count=amount))
    else:
        row.count += amount
