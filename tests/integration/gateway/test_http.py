"""Hostile framing and paths, byte by byte, against one running gateway."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_province import (
    INFER,
)
from tests.gateway_wire import World, body, status

FRAMINGS: list[tuple[bytes, ...]] = [
    (b"Host: g", b"Content-Length: 2", b"Transfer-Encoding: chunked"),
    (b"Host: g", b"Transfer-Encoding: chunked", b"Content-Length: 2"),
    (b"Host: g", b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked"),
    (b"Host: g", b"Transfer-Encoding: chunked, identity"),
    (b"Host: g", b"Transfer-Encoding : chunked"),
    (b"Host: g", b"Transfer-Encoding: gzip"),
    (b"Host: g", b"Content-Length: 2", b"Content-Length: 2"),
    (b"Host: g", b"Content-Length: 2", b"Content-Length: 3"),
    (b"Host: g", b"Content-Length: 2, 2"),
    (b"Host: g", b"Content-Length: +2"),
    (b"Host: g", b"Content-Length: 0x2"),
    (b"Host: g", b"Content-Length: -2"),
    (b"Host: g", b"Content-Length: 2 2"),
    (b"Host: g", b"Content-Length: 99999999999999999999999"),
    (b"Content-Length: 2",),
    (b"Host: g", b"Host: h", b"Content-Length: 2"),
    (b"Host: g", b"X: a\r\n folded", b"Content-Length: 2"),
    (b"Host: g", b"X: a\rb", b"Content-Length: 2"),
    (b"Host: g", b"X: a\0b", b"Content-Length: 2"),
    (b"Host: g\nX: a", b"Content-Length: 2"),
    (b"Host: g", b"X y: a", b"Content-Length: 2"),
    (b"Host: g", b": a", b"Content-Length: 2"),
    (b"Host: g", b"Content-Type: a", b"Content-Type: b", b"Content-Length: 2"),
    (b"Host: g", b"Upgrade: websocket", b"Connection: upgrade", b"Content-Length: 2"),
]


@pytest.mark.parametrize("lines", FRAMINGS, ids=range(len(FRAMINGS)))
def test_H01_H02_H04_ambiguous_framing_is_refused_and_closed(
    world: World, lines: tuple[bytes, ...]
) -> None:
    before = len(world.peers.seen())

    answer = world.raw(world.request(*lines), half_close=False)

    assert status(answer) in (400, 413)
    assert b"connection: close" in answer
    assert len(world.peers.seen()) == before


@pytest.mark.parametrize(
    "chunks",
    [b"0x2\r\n{}\r\n0\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n", b"fffffffffffffffff\r\n{}",
     b"2\n{}\n0\n\n", b"-2\r\n{}\r\n0\r\n\r\n", b"2\r\n{}XX0\r\n\r\n", b"\r\n2\r\n{}\r\n0\r\n\r\n"],
    ids=range(7),
)  # fmt: skip
def test_H03_strange_chunks_do_not_reach_an_instance(world: World, chunks: bytes) -> None:
    before = len(world.peers.seen())

    answer = world.raw(world.request(b"Host: g", b"Transfer-Encoding: chunked", body=chunks))

    assert status(answer) == 400
    assert len(world.peers.seen()) == before


def test_H05_what_follows_a_refused_request_is_not_read_as_another(world: World) -> None:
    before = len(world.peers.seen())
    second = world.request(b"Host: g", b"Content-Length: 2")

    answer = world.raw(
        world.request(b"Host: g", b"Content-Length: 2", b"Transfer-Encoding: chunked") + second
    )

    assert answer.count(b"HTTP/1.1 ") == 1
    assert len(world.peers.seen()) == before


_PIECES = (b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"0\r\n\r\n", b"2\r\n", b",", b";", b":", b"+", b"0x",
           b"Content-Length: 2\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n",
           b"Transfer-Encoding: identity\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n",
           b"GET / HTTP/1.1\r\nHost: g\r\n\r\n", b"\xff", b"HTTP/1.0", b"Upgrade: h2c\r\n")  # fmt: skip


def streams(world: World, count: int, chance: random.Random) -> Iterator[bytes]:
    """Pipeline calls, chunked and not, and put pieces of HTTP where they do not belong."""
    plain = world.request(b"Host: g", b"Content-Length: 2")
    chunked = world.request(
        b"Host: g", b"Transfer-Encoding: chunked", body=b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\nX: y\r\n\r\n"
    )
    hidden = world.request(b"Host: g", b"Content-Length: %d" % len(plain), body=plain)
    for _ in range(count):
        stream = b"".join(chance.choices((plain, chunked, hidden), k=3))
        for _ in range(chance.randrange(4)):
            place = chance.randrange(len(stream))
            keep = place + chance.choice((0, 0, 1, 2, 16))
            stream = stream[:place] + chance.choice(_PIECES) + stream[keep:]
        yield stream


def test_H05_an_instance_reads_exactly_the_requests_that_the_gateway_answered(
    world: World,
) -> None:
    """Whatever the bytes: the gateway's count of calls, the instance's and the books' are one."""
    before = {line.split()[0] for line in world.peers.seen()}
    answered = []
    for stream in streams(world, 300, random.Random(5)):  # noqa: S311 - repeatable
        for part in world.raw(stream).split(b"HTTP/1.1 200 OK\r\n")[1:]:
            head = part.partition(b"\r\n\r\n")[0].split(b"\r\n")
            (own_id,) = (line[14:].decode() for line in head if line.startswith(b"x-request-id: "))
            answered.append(own_id)
    seen = [line.split()[0] for line in world.peers.seen()]
    fresh = sorted(set(seen) - before)

    assert len(answered) > 300
    assert fresh == sorted(answered)
    assert len(seen) == len(set(seen))
    counted = {record["request_id"] for record in world.province.usage()}
    assert set(answered) <= counted <= set(seen)


def test_pipelined_requests_are_answered_in_order(world: World) -> None:
    slow = b'{"act": "sleep", "seconds": 0.3}'
    lines = (b"Host: g", b"Content-Length: %d" % len(slow), b"X-Request-Id: first")
    second = (b"Host: g", b"Content-Length: 2", b"X-Request-Id: second", b"Connection: close")

    answer = world.raw(world.request(*lines, body=slow) + world.request(*second))

    ids = [
        line.split(b": ")[1]
        for line in answer.split(b"\r\n")
        if line.startswith(b"x-client-request-id")
    ]
    assert ids == [b"first", b"second"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/v2/models/%2e%2e/x", 400), (b"/v2%2fmodels", 400), (b"/v2/models/a/../b/infer", 400),
        (b"/v2//models/digit-recognition/infer", 400), (b"//v2", 400), (b"/v2/./models", 400),
        (b"/v2/models/digit-recognition;x/infer", 400), (b"/v2\\models", 400),
        (b"/v2/models/%252e%252e/x", 400), (b"/v2/models/\xc3\xa9/infer", 400),
        (b"http://other/v2/health/live", 400), (b"*", 400), (b"/v2/repository/index", 404),
        (b"/v2/models/digit-recognition/config", 404), (b"/v2/models/digit-recognition/load", 404),
        (b"/v2/models/Digit/infer", 404), (b"/v2/models/digit-recognition/versions/../infer", 400),
        (b"/v2/models/digit-recognition/infer/", 404), (b"/", 404), (b"/metrics/", 404),
        (b"/v2/models/digit-recognition/versions/1.0/infer", 404), (b"/" + b"a" * 20_000, 414),
        (b"/" + b"a" * 200_000, 414),
    ],
    ids=range(23),
)  # fmt: skip
def test_H06_H09_only_listed_paths_exist(world: World, target: bytes, expected: int) -> None:
    before = len(world.peers.seen())

    answer = world.ask(b"Bearer " + world.good.encode(), target)

    assert status(answer) == expected
    assert len(world.peers.seen()) == before


def test_H09_huge_heads_are_refused(world: World) -> None:
    many = [b"X-%d: a" % number for number in range(5000)]

    assert status(world.raw(world.request(b"Host: g", *many, b"Content-Length: 2"))) == 431
    large = world.request(b"Host: g", b"X: " + b"a" * 200_000, b"Content-Length: 2")
    assert status(world.raw(large)) == 431


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"HEAD", b"OPTIONS", b"DELETE", b"TRACE"])
def test_other_methods_are_told_the_right_one(world: World, method: bytes) -> None:
    answer = world.raw(
        b"%b %b HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n" % (method, INFER.encode())
    )

    assert status(answer) == 405
    assert b"Allow: POST" in answer
    assert (body(answer) == b"") == (method == b"HEAD")


def test_the_hostile_inputs_left_no_trace_of_failure(world: World) -> None:
    log = Path(world.gateway.log).read_text()

    assert "Traceback" not in log
    assert "unexpected" not in log
    assert world.good not in log
