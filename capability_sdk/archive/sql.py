"""Documents in a SQL table: the embedded engine of the `DocumentArchive` port."""

import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    Text,
    and_,
    delete,
    insert,
    select,
)

from capability_sdk.archive.errors import DocumentNotFound
from capability_sdk.archive.ports import Document
from capability_sdk.kit.clock import Clock, system_clock

_AT_ONCE = 500
_MICROSECOND = 1_000_000

_metadata = MetaData()
_documents = Table(
    "documents",
    _metadata,
    Column("collection", String(63), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("body", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("documents_expire", "expires_at"),
)


class SqlArchive:
    """Keeps documents in one table of a database; expired ones stay unseen until purged."""

    def __init__(self, engine: Engine, *, clock: Clock = system_clock) -> None:
        """Make the table where there is none.

        Args:
            engine: Of any SQL database; its transactions decide how durable documents are.
            clock: Tells which documents have expired.
        """
        self._engine = engine
        self._clock = clock
        _metadata.create_all(engine)

    def put(self, collection: str, documents: Iterable[Document]) -> None:
        """Store documents in one transaction; a document of the same key is replaced."""
        rows = {
            document.key: {
                "collection": collection,
                "key": document.key,
                "body": json.dumps(document.body, allow_nan=False, separators=(",", ":")),
                "expires_at": _microseconds(document.expires_at),
            }
            for document in documents
        }
        if not rows:
            return
        with self._engine.begin() as connection:
            _forget(connection, collection, list(rows))
            connection.execute(insert(_documents), list(rows.values()))

    def get(self, collection: str, key: str) -> Document:
        """Return a document.

        Raises:
            DocumentNotFound: There is none, or it has expired.
        """
        document = self.find(collection, [key]).get(key)
        if document is None:
            raise DocumentNotFound(f"{collection} has no document {key!r}.")
        return document

    def find(self, collection: str, keys: Collection[str]) -> dict[str, Document]:
        """Return those of the documents that are there, by key."""
        now = _microseconds(self._clock())
        found: dict[str, Document] = {}
        with self._engine.connect() as connection:
            for some in _portions(keys):
                matches = and_(
                    _documents.c.collection == collection,
                    _documents.c.key.in_(some),
                    _documents.c.expires_at > now,
                )
                for row in connection.execute(select(_documents).where(matches)):
                    expires_at = datetime.fromtimestamp(row.expires_at / _MICROSECOND, UTC)
                    found[row.key] = Document(row.key, json.loads(row.body), expires_at)
        return found

    def purge(self) -> int:
        """Delete expired documents and return how many they were."""
        expired = _documents.c.expires_at <= _microseconds(self._clock())
        with self._engine.begin() as connection:
            return connection.execute(delete(_documents).where(expired)).rowcount


def _forget(connection: Connection, collection: str, keys: list[str]) -> None:
    for some in _portions(keys):
        matches = and_(_documents.c.collection == collection, _documents.c.key.in_(some))
        connection.execute(delete(_documents).where(matches))


def _portions(keys: Collection[str]) -> Iterable[list[str]]:
    every = list(keys)
    return (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * _MICROSECOND)
