"""Hostile framing and hostile tokens, byte by byte, against one running gateway."""

import base64
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from jwt.algorithms import ECAlgorithm

from capability_sdk.contracts.tokens import CENTER_ISSUER, audience
from tests.gateway_province import (
    CAPABILITY,
    INFER,
    PROVINCE,
    Gateway,
    Peers,
    Province,
    Signer,
    running_gateway,
)


class World:
    def __init__(self, province: Province, gateway: Gateway, peers: Peers) -> None:
        self.province = province
        self.gateway = gateway
        self.peers = peers
        self.good = province.token()

    def raw(self, data: bytes, *, half_close: bool = True) -> bytes:
        """Send bytes; return all that comes back until the gateway closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.province.port), 5) as peer:
            try:
                peer.sendall(data)
                if half_close:
                    peer.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused while we were still sending
            peer.settimeout(5)
            found = b""
            try:
                while block := peer.recv(65536):
                    found += block
            except OSError:
                pass
            return found

    def ask(self, authorization: bytes | None, target: bytes = INFER.encode()) -> bytes:
        line = b"" if authorization is None else b"Authorization: %b\r\n" % authorization
        return self.raw(
            b"POST %b HTTP/1.1\r\nHost: g\r\n%bContent-Length: 2\r\nConnection: close\r\n\r\n{}"
            % (target, line)
        )

    def request(self, *lines: bytes, body: bytes = b"{}", target: bytes = INFER.encode()) -> bytes:
        head = (b"POST %b HTTP/1.1" % target, b"Authorization: Bearer " + self.good.encode())
        return b"\r\n".join((*head, *lines)) + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("hostile")
    with ExitStack() as stack:
        peers = Peers(folder / "peers", stack)
        province = Province(folder / PROVINCE)
        province.place({"1.0.0": peers.instance()})
        peers.agent(province)
        province.publish()
        gateway = stack.enter_context(running_gateway(province))
        yield World(province, gateway, peers)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def body(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def encode(part: object) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(
    world: World, header: object, claims: object = None, signer: Signer | None = None
) -> bytes:
    """Sign any header over any claims with the gateway's own, or another, key."""
    payload = world.province.claims() if claims is None else claims
    text = f"{encode(header)}.{encode(payload)}"
    key = (signer or world.province.token_key).key
    algorithm = ECAlgorithm(ECAlgorithm.SHA256)
    return f"{text}.{encode(algorithm.sign(text.encode(), key))}".encode()


GOOD_HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "token-1"}

HEADERS: list[Any] = [
    *({**GOOD_HEADER, "alg": alg} for alg in
      ("none", "None", "NONE", "nOnE", "", " ", "none ", None, "HS256", "HS512", "RS256", "RS384",
       "PS256", "ES384", "EdDSA", "es256", ["ES256"], 1, True)),
    {"typ": "at+jwt", "kid": "token-1"},
    b'{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"token-1"}',
    b'{"alg":"ES256","\\u0061lg":"ES256","typ":"at+jwt","kid":"token-1"}',
    *({**GOOD_HEADER, "kid": kid} for kid in
      ("", "../../etc/passwd", "' OR 1=1", "a\0b", "http://127.0.0.1/", "x" * 10_000, "TOKEN-1",
       None, 1, ["token-1"], {"kid": "token-1"}, "token-1 ")),
    {"alg": "ES256", "typ": "at+jwt"},
    *({**GOOD_HEADER, name: value} for name, value in
      (("jwk", {"kty": "EC"}), ("jku", "http://127.0.0.1:1/"), ("x5u", "http://127.0.0.1:1/"),
       ("x5c", ["MII"]), ("crit", ["exp"]), ("crit", []), ("b64", False), ("zip", "DEF"),
       ("cty", "JWT"))),
    *({**GOOD_HEADER, "typ": typ} for typ in ("JWT", "dpop+jwt", "AT+JWT", "application/at+jwt", "",
                                              None, ["at+jwt"])),
    {"alg": "ES256", "kid": "token-1"},
    [], "text", 1, None, b"", b"{", b"\xff\xfe", b'{"alg":"ES256",}', GOOD_HEADER | {"alg": "ES256K"},
]  # fmt: skip

NOW = int(time.time())
CLAIMS: list[dict[str, Any]] = [
    *({"exp": value} for value in (None, str(NOW + 60), -1, 1.5, True, NOW + 315_360_000, [NOW])),
    *({"iat": value} for value in (None, str(NOW), -5, True, NOW + 3600, 1.0)),
    {"iat": NOW, "exp": NOW + 901}, {"iat": NOW + 10, "exp": NOW + 5}, {"iat": NOW, "exp": NOW},
    {"nbf": NOW + 3600}, {"nbf": "now"}, {"nbf": True}, {"nbf": None, "iat": NOW + 60},
    *({"aud": value} for value in
      (None, [audience(PROVINCE)], [audience(PROVINCE), "other"], [], "", audience(PROVINCE)[:-1] + "!",
       "urn:jiuzhou:gateway:", "urn:jiuzhou:gateway", "other", 1, {"a": 1}, "urn:jiuzhou:center",
       audience(PROVINCE) + "\n")),
    *({"iss": value} for value in
      (None, "", "urn:jiuzhou:cente", CENTER_ISSUER + "x", [CENTER_ISSUER], 1, "urn:jiuzhou")),
    *({name: value} for name in ("sub", "client_id", "jti") for value in
      (None, 1, ["a"], "", {"a": 1}, "a b", "x" * 101, "a\n")),
    *({"scope": value} for value in
      (None, 1, ["infer:x"], "", "infer", "infer:", f"infer:{CAPABILITY} ", "INFER:x", "infer:*",
       f"infer:{CAPABILITY}\n", f" infer:{CAPABILITY}", f"infer:{CAPABILITY}  infer:x")),
    {"sub": "other"},
]  # fmt: skip


@pytest.fixture(scope="module")
def refused(world: World) -> tuple[int, bytes]:
    """The one answer to whatever cannot be verified."""
    answer = world.ask(None)
    assert status(answer) == 401
    assert status(world.ask(b"Bearer " + world.good.encode())) == 200
    return 401, body(answer)


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_J01_to_J07_and_J12_unusual_headers_are_refused_alike(
    world: World, refused: tuple[int, bytes], header: object
) -> None:
    answer = world.ask(b"Bearer " + forge(world, header))

    assert (status(answer), body(answer)) == refused


@pytest.mark.parametrize("change", CLAIMS, ids=range(len(CLAIMS)))
def test_J08_to_J13_unusual_claims_are_refused_alike(
    world: World, refused: tuple[int, bytes], change: dict[str, Any]
) -> None:
    claims = world.province.claims(**change)
    if change.get("nbf", 0) is None:
        claims["nbf"] = None

    answer = world.ask(b"Bearer " + forge(world, GOOD_HEADER, claims))

    assert (status(answer), body(answer)) == refused


@pytest.mark.parametrize(
    "claims",
    [b"", b"[]", b"1", b"{", b'{"exp":NaN}', b'{"exp":1e400}', b"[" * 5000, b'{"a":' * 1000,
     b'{"iss":"a","iss":"b"}', b"\xff", b'{"exp":' + b"9" * 5000 + b"}"],
    ids=range(11),
)  # fmt: skip
def test_J08_and_J15_payloads_that_are_no_plain_object_are_refused_alike(
    world: World, refused: tuple[int, bytes], claims: bytes
) -> None:
    answer = world.ask(b"Bearer " + forge(world, GOOD_HEADER, claims))

    assert (status(answer), body(answer)) == refused


def test_J14_damaged_tokens_are_refused_alike(world: World, refused: tuple[int, bytes]) -> None:
    good = world.good.encode()
    header, claims, signature = good.split(b".")
    zero = encode(b"\0" * 64).encode()
    other = world.province.token(scope="infer:other").encode().split(b".")[1]
    cases = [
        header + b"." + claims + b".",
        header + b"." + claims,
        header + b"." + claims + b"." + zero,
        header + b"." + other + b"." + signature,
        header + b"." + claims + b"." + signature[:-2],
        good + b"=",
        good + b".",
        good[:-1] + (b"B" if good[-1:] != b"B" else b"C"),
        b" " + good,
        good.replace(b".", b" .", 1),
        good.replace(b"A", b"\xef\xbc\xa1", 1),
        good + b"\t",
        b"." + good,
        b"..",
        b"",
        good.upper(),
        header + b"." + claims + b"." + signature.replace(b"_", b"/").replace(b"-", b"+") + b"==",
    ]
    for case in cases:
        answer = world.ask(b"Bearer " + case)
        is_trimmed = case == good + b"\t"  # white space around a header's value is no part of it
        assert is_trimmed or (status(answer), body(answer)) == refused, case


def test_J14_no_mutation_of_a_token_is_accepted(world: World) -> None:
    good = bytearray(world.good.encode())
    with socket.create_connection(("127.0.0.1", world.province.port), 5) as peer:
        stream = peer.makefile("rb")
        for place in range(len(good)):
            mutant = bytearray(good)
            mutant[place] = ord("A") if mutant[place] != ord("A") else ord("Q")
            peer.sendall(
                b"POST %b HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer %b\r\n"
                b"Content-Length: 2\r\n\r\n{}" % (INFER.encode(), bytes(mutant))
            )
            assert stream.readline().startswith(b"HTTP/1.1 401"), place
            length = 0
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            stream.read(length)
        stream.close()


def test_J15_huge_tokens_are_refused(world: World) -> None:
    assert status(world.ask(b"Bearer " + b"A" * 20_000)) == 401
    assert status(world.ask(b"Bearer " + b"A" * 1_000_000)) == 431


@pytest.mark.parametrize(
    "authorization",
    [b"", b"Bearer", b"Bearer ", b"Basic YTpi", b"bearer", b"Token x", b"Bearer\tx", b"Bearerx"],
)
def test_J16_other_authorizations_are_refused_alike(
    world: World, refused: tuple[int, bytes], authorization: bytes
) -> None:
    answer = world.ask(authorization)

    assert (status(answer), body(answer)) == refused


def test_J16_a_token_counts_in_one_header_only(world: World, refused: tuple[int, bytes]) -> None:
    good = world.good.encode()
    line = b"Authorization: Bearer " + good
    twice = world.raw(world.request(b"Host: g", line, b"Content-Length: 2", b"Connection: close"))
    query = world.ask(None, INFER.encode() + b"?access_token=" + good)
    cookie = world.raw(
        b"POST %b HTTP/1.1\r\nHost: g\r\nCookie: access_token=%b\r\nContent-Length: 0\r\n\r\n"
        % (INFER.encode(), good)
    )

    for answer in (twice, query, cookie):
        assert (status(answer), body(answer)) == refused


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
