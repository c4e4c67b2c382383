"""The port to a store of documents: the province's transfer station."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object under a key, until it expires.

    Attributes:
        key: Unique within its collection.
        body: What JSON can hold.
        expires_at: Aware; from this moment on the document is not there any more.
    """

    key: str
    body: dict[str, Any]
    expires_at: datetime


class DocumentArchive(Protocol):
    """Keeps documents by collection and key until they expire; writing twice is writing once."""

    def put(self, collection: str, documents: Iterable[Document]) -> None:
        """Store documents durably, all or none; a document of the same key is replaced."""
        ...

    def get(self, collection: str, key: str) -> Document:
        """Return a document.

        Raises:
            DocumentNotFound: There is none, or it has expired.
        """
        ...

    def find(self, collection: str, keys: Collection[str]) -> dict[str, Document]:
        """Return those of the documents that are there, by key."""
        ...

    def purge(self) -> int:
        """Free the space of expired documents and return how many they were."""
        ...
