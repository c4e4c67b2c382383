"""The bytes of a segment file: a header, then records that are chained by hashes.

A record is ``magic, length, crc, seq, chain, payload``. ``chain`` is the blake2b hash of the chain
before it, the sequence number and the payload; so a changed, swapped or missing record shows even
where somebody repaired its CRC.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MAX_PAYLOAD_BYTES = 16 << 20
CHAIN_BYTES = 16
SUFFIX = ".segment"

_MAGIC = b"JZSPOOL1"
_HEADER = struct.Struct("<8sQQ16s64s")
_CRC = struct.Struct("<I")
HEADER_BYTES = _HEADER.size + _CRC.size

_MARK = b"\xa7JZ\x01"
_HEAD = struct.Struct("<4sIIQ16s")
HEAD_BYTES = _HEAD.size
_COVERED = struct.Struct("<IQ16s")
_SEQ = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Record:
    """One record, as it was appended."""

    epoch: int
    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """A record whose CRC holds, with its place: ``end`` is the offset after it."""

    seq: int
    chain: bytes
    payload: bytes
    end: int


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """What a segment says about itself; ``seed`` is the chain before its first record."""

    epoch: int
    first_seq: int
    seed: bytes
    stream: str

    def to_bytes(self) -> bytes:
        """Encode the header with its CRC."""
        name = self.stream.encode()[:64]
        body = _HEADER.pack(_MAGIC, self.epoch, self.first_seq, self.seed, name)
        return body + _CRC.pack(zlib.crc32(body))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self | None:
        """Decode a header; None where these bytes are none."""
        if len(data) < HEADER_BYTES:
            return None
        body = data[: _HEADER.size]
        magic, epoch, first_seq, seed, name = _HEADER.unpack(body)
        (crc,) = _CRC.unpack_from(data, _HEADER.size)
        if magic != _MAGIC or crc != zlib.crc32(body):
            return None
        return cls(epoch, first_seq, seed, name.rstrip(b"\0").decode(errors="replace"))


@dataclass(frozen=True, slots=True, order=True)
class SegmentName:
    """Place of a segment, as its file name tells it."""

    epoch: int
    first_seq: int

    @property
    def file_name(self) -> str:
        """Name of the file within the spool's folder."""
        return f"{self.epoch:020d}-{self.first_seq:016d}{SUFFIX}"


def segments(folder: Path) -> list[SegmentName]:
    """List a folder's segments, oldest first."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        epoch, _, first = path.name.removesuffix(SUFFIX).partition("-")
        if epoch.isdigit() and first.isdigit():
            found.append(SegmentName(int(epoch), int(first)))
    return sorted(found)


def first_seed(stream: str, epoch: int) -> bytes:
    """Return the chain before the first record of an epoch."""
    return hashlib.blake2b(f"{stream}\0{epoch}".encode(), digest_size=CHAIN_BYTES).digest()


def next_chain(chain: bytes, seq: int, payload: bytes) -> bytes:
    """Return the chain after a record."""
    return hashlib.blake2b(chain + _SEQ.pack(seq) + payload, digest_size=CHAIN_BYTES).digest()


def encode(chain: bytes, seq: int, payload: bytes) -> tuple[bytes, bytes]:
    """Return the head of a record (its payload follows) and the chain after it."""
    after = next_chain(chain, seq, payload)
    crc = zlib.crc32(_COVERED.pack(len(payload), seq, after) + payload)
    return _HEAD.pack(_MARK, len(payload), crc, seq, after), after


def decode(data: bytes, at: int) -> Decoded | None:
    """Decode the record at an offset; None where no whole, valid one stands there."""
    start = at + HEAD_BYTES
    if len(data) < start:
        return None
    mark, length, crc, seq, chain = _HEAD.unpack_from(data, at)
    end = start + length
    if mark != _MARK or length > MAX_PAYLOAD_BYTES or end > len(data):
        return None
    payload = data[start:end]
    if crc != zlib.crc32(payload, zlib.crc32(_COVERED.pack(length, seq, chain))):
        return None
    return Decoded(seq, chain, payload, end)


def decode_next(data: bytes, at: int, seq: int, chain: bytes) -> Decoded | None:
    """Decode the record at an offset if it is the one that follows.

    Args:
        data: Bytes of the segment.
        at: Offset of the record.
        seq: Number of the record before.
        chain: Chain after that record; empty where it is not known.
    """
    record = decode(data, at)
    if record is None or record.seq != seq + 1:
        return None
    if chain and record.chain != next_chain(chain, record.seq, record.payload):
        return None
    return record


def is_short(data: bytes, at: int) -> bool:
    """Whether these bytes may be the beginning of a record that goes on after them."""
    rest = len(data) - at
    if rest < HEAD_BYTES:
        return _MARK.startswith(data[at : at + 4]) or data[at : at + 4] == _MARK
    mark, length, _, _, _ = _HEAD.unpack_from(data, at)
    return bool(mark == _MARK and length <= MAX_PAYLOAD_BYTES and rest < HEAD_BYTES + length)


def find_next(data: bytes, at: int, after_seq: int) -> tuple[int, Decoded] | None:
    """Find the first valid record behind a damaged place, with its offset.

    Args:
        data: Bytes of the segment.
        at: Offset where the damage begins.
        after_seq: Records up to this sequence number do not count.
    """
    place = data.find(_MARK, at)
    while place >= 0:
        found = decode(data, place)
        if found is not None and found.seq > after_seq:
            return place, found
        place = data.find(_MARK, place + 1)
    return None
