"""Hostile tokens by hand: each case of SECURITY.md from J01 to J16 in all its spellings.

Every case is a whole request; unless a case says otherwise, it must be refused with the one constant
401. J09, whose bounds are moments, stands in `boundaries`.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from capability_sdk.contracts.tokens import CENTER_ISSUER, MAX_TOKEN_BYTES, audience
from tests.campaigns.hostile_tokens.forge import (
    GOOD_HEADER,
    Forge,
    bearing,
    decode,
    encode,
    request,
)
from tests.gateway_province import CAPABILITY, INFER, PROVINCE

REFUSED = 401
_OURS = audience(PROVINCE)
_TEN_YEARS = 315_360_000


@dataclass(frozen=True)
class Case:
    """One hostile request; ``statuses`` other than 401 come from the HTTP layer."""

    id: str
    name: str
    make: Callable[[Forge], bytes]
    statuses: tuple[int, ...] = (REFUSED,)

    def __str__(self) -> str:
        return f"{self.id}-{self.name}"


def corpus() -> list[Case]:
    """Return all cases."""
    headers = (*_headers(), *_keys(), *_key_ids(), *_brought_keys())
    return [*headers, *_times(), *_claims(), *_encodings(), *_sizes(), *_places()]


def _case(number: str, name: object, token: Callable[[Forge], bytes], *statuses: int) -> Case:
    text = name if isinstance(name, str) else json.dumps(name)
    return Case(number, text[:40], lambda forge: bearing(token(forge)), statuses or (REFUSED,))


def _header(number: str, name: object, header: object) -> Case:
    return _case(number, name, lambda forge: forge.signed(header))


def _claim(number: str, **changes: Any) -> Case:  # noqa: ANN401 - claims of any type
    return _case(number, changes, lambda forge: forge.claiming(**changes))


def _payload(number: str, name: str, payload: bytes) -> Case:
    return _case(number, name, lambda forge: forge.signed(claims=payload))


def _without(name: str) -> dict[str, str]:
    return {key: value for key, value in GOOD_HEADER.items() if key != name}


def _unsigned(alg: str | None, forge: Forge) -> bytes:
    return encode({**GOOD_HEADER, "alg": alg}) + b"." + encode(forge.province.claims()) + b"."


def _keyed(alg: str, form: str, forge: Forge) -> bytes:
    return forge.keyed_hash(alg, form)


def _signed_by(alg: str, key: Any, forge: Forge) -> bytes:  # noqa: ANN401 - a private key of any kind
    headers = {**GOOD_HEADER, "alg": alg}
    return jwt.encode(forge.province.claims(), key, algorithm=alg, headers=headers).encode()


def _with_url(name: str, forge: Forge) -> bytes:
    return forge.with_header(**{name: forge.traps.url})


def _with_url_only(name: str, forge: Forge) -> bytes:
    return forge.signed({**_without("kid"), name: forge.traps.url}, None, forge.stranger)


def _damaged_by(name: str, forge: Forge) -> bytes:
    return _damaged(forge.good)[name]


def _with_inside(text: bytes, forge: Forge) -> bytes:
    return forge.good.replace(b".", b"." + text, 1)


def _with_lines(lines: Sequence[bytes], forge: Forge) -> bytes:
    """Ask with header lines, in which ``%b`` stands for a good token."""
    return request(*(line.replace(b"%b", forge.good) for line in lines))


def _headers() -> Iterator[Case]:
    for alg in ("none", "None", "NONE", "nOnE", "", " ", "none ", None):
        yield _header("J01", f"alg {alg!r}", {**GOOD_HEADER, "alg": alg})
        yield _case(
            "J01",
            f"alg {alg!r} without signature",
            partial(_unsigned, alg),
        )  # fmt: skip
    yield _header("J02", "alg missing", _without("alg"))
    for name, text in {
        "alg twice": b'{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"token-1"}',
        "alg twice, the good one first": b'{"alg":"ES256","alg":"none","typ":"at+jwt","kid":"token-1"}',
        "alg twice, escaped": b'{"alg":"ES256","\\u0061lg":"ES256","typ":"at+jwt","kid":"token-1"}',
        "kid twice": b'{"alg":"ES256","typ":"at+jwt","kid":"a","kid":"token-1"}',
    }.items():
        yield _header("J02", name, text)
    for name, value in (
        ("crit", ["exp"]), ("crit", ["b64"]), ("crit", []), ("crit", "exp"), ("crit", None),
        ("b64", False), ("b64", True), ("zip", "DEF"), ("zip", ""), ("enc", "A256GCM"),
        ("cty", "JWT"), ("x", 1), ("ALG", "none"), ("", ""),
    ):  # fmt: skip
        yield _header("J07", {name: value}, {**GOOD_HEADER, name: value})
    for typ in ("JWT", "jwt", "dpop+jwt", "AT+JWT", "at+jwt ", "application/at+jwt", "", None,
                ["at+jwt"], {"typ": "at+jwt"}, "jiuzhou-state+jwt"):  # fmt: skip
        yield _header("J12", typ, {**GOOD_HEADER, "typ": typ})
    yield _header("J12", "typ missing", _without("typ"))
    for name, header in {
        "list": [], "text": "text", "number": 1, "null": None, "nothing": b"", "half": b"{",
        "no UTF-8": b"\xff\xfe", "comma": b'{"alg":"ES256",}', "byte order mark":
        b"\xef\xbb\xbf" + json.dumps(GOOD_HEADER).encode(), "two objects":
        json.dumps(GOOD_HEADER).encode() * 2, "UTF-16": json.dumps(GOOD_HEADER).encode("utf-16"),
    }.items():  # fmt: skip
        yield _header("J14", f"header is {name}", header)


def _keys() -> Iterator[Case]:
    for form in ("pem", "stripped-pem", "der", "jwk", "ssh", "point", "compressed-point"):
        for alg in ("HS256", "HS512"):
            yield _case("J03", f"{alg} {form}", partial(_keyed, alg, form))
    yield _case("J04", "another key", lambda forge: forge.signed(signer=forge.stranger))
    algs: tuple[Any, ...] = ("HS256", "RS256", "RS384", "PS256", "ES384", "ES512", "EdDSA", "ES256K", "es256",
                "ES256 ", ["ES256"], 1, True)  # fmt: skip
    for alg in algs:
        yield _header("J04", f"alg {alg!r}", {**GOOD_HEADER, "alg": alg})
    others: dict[str, Any] = {
        "RS256": rsa.generate_private_key(65537, 2048), "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        "ES384": ec.generate_private_key(ec.SECP384R1()),
    }  # fmt: skip
    others |= {"RS384": others["RS256"], "PS256": others["RS256"]}
    for alg, key in others.items():
        yield _case(
            "J04",
            f"{alg} by a key of its own",
            partial(_signed_by, alg, key),
        )


def _key_ids() -> Iterator[Case]:
    kids: tuple[Any, ...] = ("", "/etc/passwd", "../../etc/passwd", "..\\..\\x", "' OR 1=1 --", "token-1'--",
            "a\0b", "token-1\0", "x" * 300, "x" * 6000, "x" * 10_000, "TOKEN-1", "Token-1", "token-1 ",
            " token-1", "state-1", "token-2", None, 0, 1, True, 1.5, ["token-1"], [], {},
            {"kid": "token-1"}, "\u0442oken-1")  # fmt: skip
    for kid in kids:
        yield _header("J05", f"kid {str(kid)[:24]!r}", {**GOOD_HEADER, "kid": kid})
    yield _header("J05", "kid missing", _without("kid"))
    yield _case("J05", "kid is a URL", lambda forge: forge.with_header(kid=forge.traps.url))
    yield _case("J05", "kid is a file", lambda forge: forge.with_header(kid=str(forge.traps.pipe)))


def _brought_keys() -> Iterator[Case]:
    for name in ("jku", "x5u"):
        yield _case("J06", name, partial(_with_url, name))
        yield _case(
            "J06", f"{name} instead of kid",
            partial(_with_url_only, name),
        )  # fmt: skip
    yield _case(
        "J06", "own jwk",
        lambda forge: forge.signed({**GOOD_HEADER, "jwk": forge.stranger.jwk}, None, forge.stranger),
    )  # fmt: skip
    yield _case("J06", "the right jwk", lambda forge: forge.with_header(
        jwk=forge.province.token_key.jwk))  # fmt: skip
    yield _header("J06", "x5c", {**GOOD_HEADER, "x5c": ["MII"]})
    yield _header("J06", "x5t", {**GOOD_HEADER, "x5t": "aa"})


def _times() -> Iterator[Case]:
    now = int(time.time())
    times: tuple[Any, ...] = (None, str(now + 60), -1, 1.5, now + 60.5, True, False, now + _TEN_YEARS, [now], {},
                2**63, 10**40)  # fmt: skip
    for exp in times:
        yield _claim("J08", exp=exp)
    for iat in (None, str(now), -5, True, now + 3600, 1.0, [now], -(2**63)):
        yield _claim("J08", iat=iat)
    yield _claim("J08", iat=now, exp=now + 901)
    yield _claim("J08", iat=now, exp=now)
    yield _claim("J08", iat=now + 4, exp=now + 2)
    yield _claim("J08", nbf="now")
    yield _claim("J08", nbf=True)
    yield _claim("J08", nbf=now + 0.5)
    yield _claim("J08", nbf=now + 3600)
    yield _payload("J08", "exp NaN", b'{"exp":NaN}')
    yield _payload("J08", "exp Infinity", b'{"exp":Infinity}')
    for text in (b"1e400", b"1e3", b"-0", b"9" * 5000, b"NaN", b"Infinity"):
        yield _case("J08", f"exp {text[:8].decode()}",
                    partial(_with_exp, text))  # fmt: skip
    yield _case("J08", "nbf null", lambda forge: forge.signed(
        claims=forge.province.claims() | {"nbf": None}))  # fmt: skip


def _with_exp(text: bytes, forge: Forge) -> bytes:
    claims = json.dumps(forge.province.claims(exp=-77)).encode()
    return forge.signed(claims=claims.replace(b"-77", text))


def _claims() -> Iterator[Case]:
    for aud in (None, [_OURS], [_OURS, "other"], [], "", _OURS[:-1] + "!", _OURS[:-8], _OURS + " ",
                "urn:jiuzhou:gateway:", "urn:jiuzhou:gateway", "other", 1, True, {"a": 1},
                "urn:jiuzhou:center", _OURS + "\n", f"{_OURS} {_OURS}", _OURS.upper(),
                "x" + _OURS, "*"):  # fmt: skip
        yield _claim("J10", aud=aud)
    for iss in (None, "", "urn:jiuzhou:cente", CENTER_ISSUER + "x", CENTER_ISSUER + "/",
                [CENTER_ISSUER], {"iss": CENTER_ISSUER}, 1, "urn:jiuzhou", CENTER_ISSUER.upper(),
                "http://" + CENTER_ISSUER, CENTER_ISSUER + "\0"):  # fmt: skip
        yield _claim("J11", iss=iss)
    for name in ("sub", "client_id", "jti"):
        for value in (None, 1, True, ["a"], "", {"a": 1}, "a b", "x" * 101, "a\n", "\u0430pp-1"):
            yield _claim("J13", **{name: value})
    for scope in (None, 1, [f"infer:{CAPABILITY}"], "", "infer", "infer:", f"infer:{CAPABILITY} ",
                  "INFER:x", "infer:*", "*", f"infer:{CAPABILITY}\n", f" infer:{CAPABILITY}",
                  f"infer:{CAPABILITY}  infer:x", f"infer:{CAPABILITY},infer:x",
                  f"admin:{CAPABILITY}"):  # fmt: skip
        yield _claim("J13", scope=scope)
    yield _claim("J13", sub="other")
    yield _claim("J13", client_id="other")
    yield _payload("J13", "no claims", b"{}")
    yield _payload("J13", "iss twice", b'{"iss":"a","iss":"b"}')
    yield _case("J13", "sub twice", lambda forge: forge.signed(
        claims=json.dumps(forge.province.claims()).encode()[:-1] + b',"sub":"app-1"}'))  # fmt: skip
    for name, payload in {"nothing": b"", "list": b"[]", "number": b"1", "half": b"{",
                          "no UTF-8": b"\xff", "null": b"null"}.items():  # fmt: skip
        yield _payload("J13", f"payload is {name}", payload)


def _damaged(good: bytes) -> dict[str, bytes]:
    header, claims, signature = good.split(b".")
    raw = decode(signature)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    loose = bytes([alphabet[alphabet.index(good[-1:]) | 1]])
    signed = header + b"." + claims + b"."
    return {
        "empty signature": signed,
        "no signature": header + b"." + claims,
        "zero signature": signed + encode(b"\0" * 64),
        "psychic signature: r and s are the order": signed + encode(order.to_bytes(32) * 2),
        "psychic signature: r 0, s 1": signed + encode(b"\0" * 63 + b"\1"),
        "r and s swapped": signed + encode(raw[32:] + raw[:32]),
        "signature in DER": signed + encode(b"\x30\x44\x02\x20" + raw[:32] + b"\x02\x20" + raw[32:]),
        "signature with a byte before": signed + encode(b"\0" + raw),
        "signature with a byte after": signed + encode(raw + b"\0"),
        "signature cut": good[:-2],
        "loose bits at the end": good[:-1] + loose,
        "padding": good + b"=",
        "double padding": good + b"==",
        "a fourth part": good + b".",
        "a fourth part with text": good + b".AAAA",
        "five parts, as if encrypted": good + b".AAAA.AAAA",
        "a part before": b"." + good,
        "two dots": b"..",
        "one dot": b".",
        "a space before": b" " + good,
        "a space inside": good.replace(b".", b" .", 1),
        "a tab inside": good.replace(b".", b".\t", 1),
        "full-width letter": good.replace(b"A", b"\xef\xbc\xa1", 1),
        "zero-width space": good.replace(b".", b"\xe2\x80\x8b.", 1),
        "upper case": good.upper(),
        "percent-encoded dot": good.replace(b".", b"%2e", 1),
        "twice": good + good,
        "twice with a comma": good + b", Bearer " + good,
        "quoted": b'"' + good + b'"',
        "other alphabet": signed + signature.replace(b"_", b"/").replace(b"-", b"+") + b"==",
        "parts in another order": claims + b"." + header + b"." + signature,
    }  # fmt: skip


def _encodings() -> Iterator[Case]:
    names = _damaged(b"A.A." + encode(b"\0" * 64))
    for name in names:
        yield _case("J14", name, partial(_damaged_by, name))
    yield _case("J14", "another token's claims", _swapped)
    for name, text in {"line feed": b"\n", "carriage return": b"\r", "nul": b"\0",
                       "folded line": b"\r\n "}.items():  # fmt: skip
        yield _case(
            "J14", f"{name} inside", partial(_with_inside, text), 400
        )  # fmt: skip


def _swapped(forge: Forge) -> bytes:
    header, _, signature = forge.good.split(b".")
    return header + b"." + forge.claiming(scope="infer:other").split(b".")[1] + b"." + signature


def _sizes() -> Iterator[Case]:
    yield _case("J15", "one byte too long", lambda _: b"A" * (MAX_TOKEN_BYTES + 1))
    yield _case("J15", "20 kB", lambda _: b"A" * 20_000)
    yield _case("J15", "20 kB, well formed", lambda forge: forge.claiming(pad="x" * 14_000))
    yield _case("J15", "20 kB of dots", lambda _: b"." * 20_000)
    yield _case("J15", "1 MB", lambda _: b"A" * 1_000_000, 431)
    for depth in (1000, 5000):
        yield _payload("J15", f"lists {depth} deep", b"[" * depth)
    for depth in (500, 1000):
        yield _payload("J15", f"objects {depth} deep", b'{"a":' * depth + b"1" + b"}" * depth)
    yield _case("J15", "lists 100,000 deep", lambda f: f.signed(claims=b"[" * 100_000), 431)
    yield _header("J15", "header 5,000 deep", b"[" * 5000)


def _places() -> Iterator[Case]:
    for value in (b"", b"Bearer", b"Bearer ", b"Basic YTpi", b"bearer", b"Token x", b"Bearer\tx",
                  b"Bearerx", b"Digest x", b"Negotiate x", b"Bearer null"):  # fmt: skip
        yield Case("J16", f"Authorization {value.decode()!r}",
                   partial(_with_lines, [b"Authorization: " + value]))  # fmt: skip
    for scheme in (b"DPoP", b"JWT", b"Token", b"Bearer:", b"Bearer Bearer"):
        yield Case("J16", f"scheme {scheme.decode()}",
                   partial(_with_lines, [b"Authorization: %b %%b" % scheme]))  # fmt: skip
    yield Case("J16", "nowhere", lambda _: request())
    for name, lines in {
        "two good headers": (b"Authorization: Bearer %b", b"authorization: Bearer %b"),
        "a good header and a bad one": (b"Authorization: Bearer %b", b"AUTHORIZATION: Bearer x"),
        "a bad header and a good one": (b"Authorization: Basic x", b"Authorization: Bearer %b"),
        "cookie": (b"Cookie: access_token=%b",),
        "proxy header": (b"Proxy-Authorization: Bearer %b",),
        "header of its own": (b"X-Authorization: Bearer %b",),
        "forwarded header": (b"X-Forwarded-Access-Token: %b",),
        "underscore": (b"Authorization_: Bearer %b",),
        "DPoP header": (b"DPoP: %b",),
    }.items():  # fmt: skip
        yield Case("J16", name, partial(_with_lines, lines))
    target = INFER.encode()
    yield Case("J16", "query", lambda forge: request(
        target=target + b"?access_token=" + forge.good))  # fmt: skip
    yield Case("J16", "body", lambda f: request(
        b"Content-Type: application/x-www-form-urlencoded", body=b"access_token=" + f.good))  # fmt: skip
