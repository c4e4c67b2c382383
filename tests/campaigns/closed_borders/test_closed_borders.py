"""M17: nothing raw leaves the province, small and with every planted bug first."""

import base64
import gzip
import struct
import zlib
from pathlib import Path

import pytest

from tests.campaigns.closed_borders.campaign import CAMPAIGN
from tests.campaigns.harness import PlantedBug, find_planted, play
from tests.leaks import Canary, LeakScanner, Unreadable

SEED = 4
PHONE = Canary("phone", "13800138000")
NUMBER = Canary("number", 13900139000)
EXACT = Canary("exact", -7123.456789)
RARE = Canary("rare", "retinoblastoma")
VARINT = bytes([0xF8, 0x93, 0x8D, 0xE4, 0x33])
"""13900139000, as a protocol buffer writes it."""


@pytest.mark.parametrize("bug", CAMPAIGN.planted, ids=lambda bug: bug.name)
def test_M17_a_planted_leak_is_found(bug: PlantedBug, tmp_path: Path) -> None:
    assert find_planted(CAMPAIGN, bug, SEED, tmp_path).violations


def test_M17_no_canary_is_in_any_byte_that_the_center_received(tmp_path: Path) -> None:
    findings = play(CAMPAIGN, SEED, CAMPAIGN.small, tmp_path)

    assert findings.violations == []
    assert findings.figures["canaries"] > 500
    assert findings.figures["usage_crossed"] > CAMPAIGN.small


WRAPPED: dict[str, tuple[Canary, bytes]] = {
    "text": (PHONE, b"x13800138000"),
    "utf-16": (RARE, "retinoblastoma".encode("utf-16-le")),
    "varint": (NUMBER, b"\x08" + VARINT),
    "integer": (NUMBER, b"abc" + struct.pack(">q", 13900139000)),
    "narrow integer": (PHONE, (13800138000).to_bytes(5, "little")),
    "float of an integer": (NUMBER, struct.pack("<d", 13900139000.0)),
    "float64": (EXACT, b"abc" + struct.pack("<d", -7123.456789)),
    "float32": (EXACT, b"a" + struct.pack(">f", -7123.456789)),
    "float32 as text": (EXACT, b"-7123.457 "),
    "gzip inside": (RARE, b"HTTP/1.1\r\n\r\n" + gzip.compress(b"a retinoblastoma")),
    "gzip cut off": (RARE, gzip.compress(bytes(range(256)) * 99 + b"retinoblastoma")[:-8]),
    "zlib inside": (RARE, b"abc" + zlib.compress(b"a retinoblastoma", 9)),
    "base64": (EXACT, base64.b64encode(bytes(200) + struct.pack("<d", -7123.456789) + bytes(99))),
    "base64 with a prefix": (RARE, b"k" + base64.urlsafe_b64encode(b"~~a retinoblastoma~")),
    "hexadecimal": (RARE, b"retinoblastoma".hex().encode()),
    "base64 of gzip": (RARE, base64.b64encode(gzip.compress(b"a retinoblastoma of 13"))),
    "base64 of deflate": (RARE, base64.b64encode(zlib.compress(b"a retinoblastoma of 13")[2:-4])),
    "gzip of base64 of hex": (
        PHONE,
        gzip.compress(base64.b64encode(b"13800138000".hex().encode() + b"000000")),
    ),
}


@pytest.mark.parametrize("case", WRAPPED)
def test_M17_the_scanner_finds_a_canary_in_every_wrapping(case: str) -> None:
    canary, content = WRAPPED[case]

    leaks = LeakScanner([PHONE, NUMBER, EXACT, RARE]).scan({"wire": content})

    assert {leak.canary for leak in leaks} == {canary}


def test_M17_the_scanner_finds_nothing_in_what_holds_nothing() -> None:
    content = gzip.compress(b'{"usage": "138001380", "at": "2026-11-21T12:00:00Z"}') + bytes(999)

    assert LeakScanner([PHONE, NUMBER, EXACT, RARE]).scan({"wire": content}) == []


def test_M17_what_the_scanner_cannot_open_is_no_clean_bill() -> None:
    with pytest.raises(Unreadable):
        LeakScanner([PHONE]).scan({"wire": b"abc\x28\xb5\x2f\xfd"})
