"""What owners say of their capabilities beside the versions."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from center.catalogue.rows import ListingRow
from center.preconditions import PreconditionFailed


@dataclass(frozen=True, slots=True)
class Listing:
    """One capability's listing.

    Attributes:
        task: What it is for, in the store's words; None leaves it to the manifest.
        accountable: The one person who answers for it.
        runbook_url: Where its operators find what to do.
        revision: Grows with every change; 0 where nothing was said yet.
    """

    capability: str
    task: str | None = None
    accountable: str | None = None
    runbook_url: str | None = None
    revision: int = 0
    updated_by: str = ""
    updated_at: datetime | None = None


class ListingStore:
    """Listings of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, capability: str, *, lock: bool = False) -> Listing:
        """Return what is said of a capability; revision 0 where nothing is."""
        row = self._session.get(ListingRow, capability, with_for_update=lock or None)
        if row is None:
            return Listing(capability)
        return Listing(
            row.capability,
            row.task,
            row.accountable,
            row.runbook_url,
            row.revision,
            row.updated_by,
            row.updated_at,
        )

    def put(self, item: Listing) -> None:
        """Keep a listing that is locked, or new.

        Raises:
            PreconditionFailed: Somebody else made it at the same moment.
        """
        row = self._session.get(ListingRow, item.capability)
        if row is None:
            row = ListingRow(capability=item.capability)
            self._session.add(row)
        row.task = item.task
        row.accountable = item.accountable
        row.runbook_url = item.runbook_url
        row.revision = item.revision
        row.updated_by = item.updated_by
        row.updated_at = item.updated_at or row.updated_at
        try:
            self._session.flush()
        except IntegrityError as error:
            raise PreconditionFailed("Somebody else wrote it at the same moment.") from error
