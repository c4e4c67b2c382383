"""Seeded mutations of archives: of the gzip stream, and of the tar inside of it."""

import gzip
import random
import zlib

_BLOCK = 512


def mutated(archive: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Spoil an archive somewhere; returns what was done and the bytes."""
    plain = _inflated(archive)
    if plain and chance.random() < 0.6:
        kind, spoilt = _spoil_headers(plain, chance)
        return f"tar {kind}", gzip.compress(spoilt, 1, mtime=0)
    kind, spoilt = _spoil(archive, chance)
    return f"gzip {kind}", spoilt


def _inflated(archive: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(archive, 4 << 20)
    except zlib.error:
        return b""


def _spoil_headers(plain: bytes, chance: random.Random) -> tuple[str, bytes]:
    """Change bytes of a header, mending its checksum half of the time, or whole blocks."""
    blocks = [plain[start : start + _BLOCK] for start in range(0, len(plain), _BLOCK)]
    headers = [number for number, block in enumerate(blocks) if block[257:262] == b"ustar"]
    if not headers or chance.random() < 0.2:
        return _spoil_blocks(blocks, chance)
    number = chance.choice(headers)
    header = bytearray(blocks[number].ljust(_BLOCK, b"\0"))
    for _ in range(chance.randint(1, 3)):
        header[chance.randrange(345)] = chance.choice((0, 0x2F, 0x2E, 0x31, 0x37, 0xFF, 0x80))
    if chance.random() < 0.7:
        header[148:156] = b" " * 8
        header[148:156] = f"{sum(header):06o}\0 ".encode()
    blocks[number] = bytes(header)
    return "header", b"".join(blocks)


def _spoil_blocks(blocks: list[bytes], chance: random.Random) -> tuple[str, bytes]:
    first, second = chance.randrange(len(blocks)), chance.randrange(len(blocks))
    match chance.randrange(4):
        case 0:
            blocks[first], blocks[second] = blocks[second], blocks[first]
            return "swap", b"".join(blocks)
        case 1:
            del blocks[first]
            return "loss", b"".join(blocks)
        case 2:
            blocks.insert(first, blocks[second])
            return "repeat", b"".join(blocks)
        case _:
            return "cut", b"".join(blocks)[: chance.randrange(len(blocks) * _BLOCK)]


def _spoil(archive: bytes, chance: random.Random) -> tuple[str, bytes]:
    spoilt = bytearray(archive)
    at = chance.randrange(len(spoilt)) if spoilt else 0
    match chance.randrange(4) if spoilt else 3:
        case 0:
            spoilt[at] ^= 1 << chance.randrange(8)
            return "flip", bytes(spoilt)
        case 1:
            return "cut", bytes(spoilt[:at])
        case 2:
            del spoilt[at : at + chance.randint(1, 40)]
            return "loss", bytes(spoilt)
        case _:
            spoilt[at:at] = chance.randbytes(chance.randint(1, 40))
            return "insert", bytes(spoilt)
