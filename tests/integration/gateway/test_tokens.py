"""Hostile tokens (J01 to J16), byte by byte, against one running gateway."""

import base64
import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from jwt.algorithms import ECAlgorithm

from capability_sdk.contracts.tokens import CENTER_ISSUER, audience
from tests.gateway_province import (
    CAPABILITY,
    INFER,
    PROVINCE,
    Signer,
)
from tests.gateway_wire import World, body, status


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


def test_the_hostile_inputs_left_no_trace_of_failure(world: World) -> None:
    log = Path(world.gateway.log).read_text()

    assert "Traceback" not in log
    assert "unexpected" not in log
    assert world.good not in log
