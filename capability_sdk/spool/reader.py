"""Reads a spool from another process, while its writer goes on."""

from dataclasses import dataclass
from pathlib import Path

from capability_sdk.spool import segment
from capability_sdk.spool.errors import SpoolDamaged
from capability_sdk.spool.segment import Decoded, Record, SegmentHeader, SegmentName

_CHUNK_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the record after ``seq`` stands; an empty chain means: accept the next as it is."""

    name: SegmentName
    offset: int
    seq: int
    chain: bytes


class SpoolReader:
    """Gives out records in order, each verified against its CRC and the hash chain."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place: _Place | None = None

    @property
    def folder(self) -> Path:
        """The spool that is read."""
        return self._folder

    def epochs(self) -> list[int]:
        """List the epochs that have segments, oldest first."""
        return sorted({name.epoch for name in segment.segments(self._folder)})

    def read(self, epoch: int, after: int, limit: int) -> list[Record]:
        """Read up to ``limit`` records of an epoch that follow sequence number ``after``.

        An unfinished record at the end of the newest segment is not there yet, and no damage.

        Raises:
            SpoolDamaged: The next record cannot be read; ``after=error.last`` reads on behind it.
        """
        listing = segment.segments(self._folder)
        names = [name for name in listing if name.epoch == epoch]
        found: list[Record] = []
        while len(found) < limit:
            try:
                place = self._find_place(names, epoch, after + len(found))
                if place is None:
                    break
                batch = self._read_from(place, names, limit - len(found), place.name == listing[-1])
            except SpoolDamaged:
                if found:
                    break  # what is good comes first; the next call names the damage
                if self._place is None:
                    raise
                self._place = None  # the file may have been cut shorter: look from its beginning
                continue
            found += batch
            if not batch:
                break
        return found

    def _find_place(self, names: list[SegmentName], epoch: int, after: int) -> _Place | None:
        if not names:
            return None
        candidates = [name for name in names if name.first_seq <= after + 1]
        if not candidates:
            missing = names[0].first_seq - 1
            reason = "their segment is gone"
            raise SpoolDamaged(names[0].file_name, epoch, after + 1, missing, reason)
        name, place = candidates[-1], self._place
        if place is not None and (place.name, place.seq) == (name, after):
            size = (self._folder / name.file_name).stat().st_size
            if place.offset <= size:
                return place
        return self._seek(name, names, after)

    def _seek(self, name: SegmentName, names: list[SegmentName], after: int) -> _Place | None:
        """Walk a segment up to a record; damage before it was reported earlier."""
        data = (self._folder / name.file_name).read_bytes()
        header = SegmentHeader.from_bytes(data)
        if header is None and len(data) < segment.HEADER_BYTES and name == names[-1]:
            return None  # its writer is just making it
        if header is None or (header.epoch, header.first_seq) != (name.epoch, name.first_seq):
            return self._seek_headless(name, names, data, after)
        place = _Place(name, segment.HEADER_BYTES, name.first_seq - 1, header.seed)
        while place.seq < after:
            record = segment.decode_next(data, place.offset, place.seq, place.chain)
            if record is None:
                hit = segment.find_next(data, place.offset, place.seq)
                if hit is None:
                    return _Place(name, len(data), after, b"")
                if hit[1].seq > after:
                    return _Place(name, hit[0], after, b"")
                record = hit[1]
            place = _Place(name, record.end, record.seq, record.chain)
        return place

    def _seek_headless(
        self, name: SegmentName, names: list[SegmentName], data: bytes, after: int
    ) -> _Place | None:
        """Find a record in a segment whose header is unreadable: each is verified by itself."""
        hit = segment.find_next(data, 0, after)
        if hit is None and name == names[-1]:
            return None
        if hit is None or hit[1].seq > after + 1:
            good = hit[1].seq if hit is not None else None
            raise self._damage(name, names, after + 1, good, "its header is unreadable")
        return _Place(name, hit[0], after, b"")

    def _read_from(
        self, place: _Place, names: list[SegmentName], limit: int, is_newest: bool
    ) -> list[Record]:
        size = _CHUNK_BYTES
        with (self._folder / place.name.file_name).open("rb") as file:
            file.seek(place.offset)
            data = file.read(size)
            while (taken := _take(data, place, limit)) == [] and segment.is_short(data, 0):
                more = file.read(size)
                if not more:
                    break
                data, size = data + more, size * 4
            if not taken:
                self._explain(data + file.read(), place, names, is_newest)
                return []
        last = taken[-1]
        self._place = _Place(place.name, place.offset + last.end, last.seq, last.chain)
        return [Record(place.name.epoch, record.seq, record.payload) for record in taken]

    def _explain(
        self, data: bytes, place: _Place, names: list[SegmentName], is_newest: bool
    ) -> None:
        """Tell an end, and a record that is not finished yet, from a damaged one."""
        hit = segment.find_next(data, 0, place.seq)
        is_end = not data and place.name == names[-1]
        if hit is None and (is_newest or is_end):
            return
        reason = "the content is not what was written"
        raise self._damage(place.name, names, place.seq + 1, hit and hit[1].seq, reason)

    def _damage(
        self, name: SegmentName, names: list[SegmentName], first: int, good: int | None, reason: str
    ) -> SpoolDamaged:
        later = [other.first_seq for other in names if other.first_seq > name.first_seq]
        behind = good if good is not None else (later[0] if later else first + 1)
        # A record that is whole in itself but breaks the chain is the affected one.
        return SpoolDamaged(name.file_name, name.epoch, first, max(behind - 1, first), reason)


def _take(data: bytes, place: _Place, limit: int) -> list[Decoded]:
    """Decode records from the start of ``data`` as long as they follow one another."""
    taken: list[Decoded] = []
    at, place = 0, _Place(place.name, 0, place.seq, place.chain)
    while (
        len(taken) < limit
        and (record := segment.decode_next(data, at, place.seq, place.chain)) is not None
    ):
        taken.append(record)
        at = record.end
        place = _Place(place.name, at, record.seq, record.chain)
    return taken
