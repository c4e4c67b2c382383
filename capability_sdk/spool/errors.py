"""What can go wrong with a spool; each names what a person must know."""

from capability_sdk.contracts.errors import ServiceError


class SpoolError(ServiceError):
    """A spool cannot do its work."""

    code = "spool"
    title = "The local spool cannot be used"
    status = 503


class SpoolBusy(SpoolError):
    """Another process already writes to this folder."""

    code = "spool-busy"
    title = "The spool has another writer"


class SpoolUnwritable(SpoolError):
    """Records could not be written: the disk is full, read-only or gone.

    Nothing of what was buffered is in the spool: it is as it was after the last good flush.
    """

    code = "spool-unwritable"
    title = "The spool cannot be written"


class SpoolDamaged(SpoolError):
    """Records of a segment cannot be read as they were written.

    Attributes:
        segment: Name of the segment file.
        epoch: Epoch of the records.
        first: First affected sequence number.
        last: Last affected sequence number; reading on from here works.
    """

    code = "spool-damaged"
    title = "Records of the spool are damaged"

    def __init__(self, segment: str, epoch: int, first: int, last: int, reason: str) -> None:
        super().__init__(
            f"{segment}: records {first} to {last} of epoch {epoch} are affected: {reason}.",
            segment=segment,
            epoch=epoch,
            first=first,
            last=last,
        )
        self.segment = segment
        self.epoch = epoch
        self.first = first
        self.last = last
        self.reason = reason
