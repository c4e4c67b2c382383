"""Mutations of tokens, from a seed; none of them may be accepted.

A mutation starts from a genuine token, of which most are already in the gateway's cache of verified
claims: what is near to a cached token is where a cache goes wrong.
"""

import json
import random
import string
from collections.abc import Callable, Iterator
from typing import Any

from capability_sdk.contracts.tokens import CENTER_ISSUER, audience
from tests.campaigns.hostile_tokens.forge import GOOD_HEADER, Forge, decode, encode
from tests.gateway_province import PROVINCE

_ALPHABET = (string.ascii_letters + string.digits + "-_").encode()
# What may stand in a header's value; white space at its ends is no part of it.
_ALLOWED = bytes([9, *range(32, 127), *range(128, 256)])
_CONFUSABLE = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "i": "\u0456", "A": "\uff21", "1": "\uff11",
               "-": "\u2011", ".": "\u3002", "_": "\uff3f"}  # fmt: skip
_INVISIBLE = ("\u200b", "\u00a0", "\ufeff", "\u2028", "\u0301", "\u202e", "\t", " ")
_JSON: tuple[Any, ...] = (None, True, False, 0, -1, 1.5, 2**63, "", "x", [], ["x"], {}, {"x": 1})

Mutation = tuple[str, bytes]
"""Kind, and token."""


class Mutator:
    """Makes mutations of a set of genuine tokens."""

    def __init__(self, forge: Forge, genuine: list[bytes], chance: random.Random) -> None:
        self._forge = forge
        self._genuine = genuine
        self._known = frozenset(genuine)
        self._chance = chance
        self._kinds: dict[str, Callable[[bytes], bytes]] = {
            "bit flipped": self._flip,
            "bit flipped in the header": lambda token: self._flip_in(token, 0),
            "bit flipped in the claims": lambda token: self._flip_in(token, 1),
            "bit flipped in the signature": lambda token: self._flip_in(token, 2),
            "letter replaced": self._replace,
            "byte inserted": self._insert,
            "byte deleted": self._delete,
            "neighbours swapped": self._swap_neighbours,
            "cut": lambda token: token[: chance.randrange(len(token))],
            "cut before": lambda token: token[chance.randrange(1, len(token)) :],
            "grown": lambda token: token + self._letters(chance.choice((1, 2, 3, 4, 64, 9000))),
            "parts of two tokens": self._cross,
            "parts in another order": self._shuffle,
            "not canonical": self._loosen,
            "padded": self._pad,
            "unicode": self._confuse,
            "invisible": self._hide,
            "signature of the decoded bits": self._flip_decoded,
            "claims edited, not signed": self._edit_claims,
            "header edited, not signed": self._edit_header,
            "claims edited, signed by a stranger": self._signed_by_stranger,
            "header edited, signed": self._signed_header,
            "claims edited, signed": self._signed_claims,
            "claims as text edited, signed": self._signed_text,
        }

    def mutations(self, count: int) -> Iterator[Mutation]:
        """Make so many mutations, of all kinds in turn."""
        kinds = list(self._kinds.items())
        for number in range(count):
            kind, change = kinds[number % len(kinds)]
            yield kind, self._different(change)

    def _different(self, change: Callable[[bytes], bytes]) -> bytes:
        while True:
            token = change(self._chance.choice(self._genuine))
            if token.strip(b" \t") not in self._known:
                return token

    # --- bytes ----------------------------------------------------------------------------------

    def _flip(self, token: bytes) -> bytes:
        return self._flip_at(token, self._chance.randrange(len(token)))

    def _flip_in(self, token: bytes, part: int) -> bytes:
        start = sum(len(text) + 1 for text in token.split(b".")[:part])
        return self._flip_at(token, start + self._chance.randrange(len(token.split(b".")[part])))

    def _flip_at(self, token: bytes, place: int) -> bytes:
        flipped = [token[place] ^ 1 << bit for bit in range(8)]
        allowed = [value for value in flipped if value in _ALLOWED]
        return token[:place] + bytes([self._chance.choice(allowed)]) + token[place + 1 :]

    def _replace(self, token: bytes) -> bytes:
        place = self._chance.randrange(len(token))
        return token[:place] + self._letters(1) + token[place + 1 :]

    def _insert(self, token: bytes) -> bytes:
        place = self._chance.randrange(len(token) + 1)
        return token[:place] + bytes([self._chance.choice(_ALLOWED)]) + token[place:]

    def _delete(self, token: bytes) -> bytes:
        place = self._chance.randrange(len(token))
        return token[:place] + token[place + self._chance.choice((1, 1, 2, 4)) :]

    def _swap_neighbours(self, token: bytes) -> bytes:
        place = self._chance.randrange(len(token) - 1)
        return token[:place] + token[place : place + 2][::-1] + token[place + 2 :]

    def _letters(self, count: int) -> bytes:
        return bytes(self._chance.choices(_ALPHABET, k=count))

    # --- parts ----------------------------------------------------------------------------------

    def _cross(self, token: bytes) -> bytes:
        other = self._chance.choice(self._genuine).split(b".")
        parts = token.split(b".")
        place = self._chance.randrange(3)
        parts[place] = other[place]
        return b".".join(parts)

    def _shuffle(self, token: bytes) -> bytes:
        parts = token.split(b".")
        return b".".join(self._chance.choices(parts, k=self._chance.choice((1, 2, 3, 3, 3, 4, 5))))

    def _loosen(self, token: bytes) -> bytes:
        """Change the bits of a part's last letter that stand for nothing."""
        parts = token.split(b".")
        loose = [place for place, part in enumerate(parts) if len(part) % 4]
        place = self._chance.choice(loose)
        part = parts[place]
        mask = 0b1111 if len(part) % 4 == 2 else 0b11
        last = _ALPHABET_ORDER.index(part[-1]) | self._chance.randint(1, mask)
        parts[place] = part[:-1] + bytes([_ALPHABET_ORDER[last]])
        return b".".join(parts)

    def _pad(self, token: bytes) -> bytes:
        parts = token.split(b".")
        place = self._chance.randrange(3)
        parts[place] += self._chance.choice((b"=", b"==", b"===", b"%3D", b"\xe2\x80\xa6"))
        return b".".join(parts)

    def _confuse(self, token: bytes) -> bytes:
        text = token.decode()
        places = [place for place, letter in enumerate(text) if letter in _CONFUSABLE]
        place = self._chance.choice(places)
        return (text[:place] + _CONFUSABLE[text[place]] + text[place + 1 :]).encode()

    def _hide(self, token: bytes) -> bytes:
        place = self._chance.randrange(1, len(token))
        return token[:place] + self._chance.choice(_INVISIBLE).encode() + token[place:]

    def _flip_decoded(self, token: bytes) -> bytes:
        signed, _, signature = token.rpartition(b".")
        raw = bytearray(decode(signature))
        raw[self._chance.randrange(len(raw))] ^= 1 << self._chance.randrange(8)
        return signed + b"." + encode(bytes(raw))

    # --- contents -------------------------------------------------------------------------------

    def _edit_claims(self, token: bytes) -> bytes:
        header, payload, signature = token.split(b".")
        claims = json.loads(decode(payload))
        name = self._chance.choice([*claims, "nbf", "x"])
        others = [json.loads(decode(other.split(b".")[1])) for other in self._genuine]
        values = [*_JSON, *(other[name] for other in others if name in other)]
        claims[name] = self._chance.choice(values)
        return header + b"." + encode(claims) + b"." + signature

    def _edit_header(self, token: bytes) -> bytes:
        return encode(self._bad_header()) + b"." + token.partition(b".")[2]

    def _signed_by_stranger(self, _: bytes) -> bytes:
        claims = self._forge.province.claims(jti=self._letters(12).decode().strip("-_") or "j")
        return self._forge.signed(GOOD_HEADER, claims, self._forge.stranger)

    def _signed_header(self, _: bytes) -> bytes:
        return self._forge.signed(self._bad_header())

    def _signed_claims(self, _: bytes) -> bytes:
        name = self._chance.choice(sorted(_BAD_CLAIMS))
        claims = self._forge.province.claims()
        value = _BAD_CLAIMS[name](self._chance, claims)
        if value is _MISSING:
            del claims[name]
        else:
            claims[name] = value
        return self._forge.signed(claims=claims)

    def _signed_text(self, _: bytes) -> bytes:
        claims = json.dumps(self._forge.province.claims()).encode()
        change = self._chance.randrange(6)
        if change == 0:
            return self._forge.signed(claims=claims[: self._chance.randrange(len(claims))])
        if change == 1:
            return self._forge.signed(
                claims=claims + self._chance.choice((b"}", b"{}", b"\0", b","))
            )
        if change == 2:
            doubled = self._chance.choice((b'"exp":1,', b'"aud":"x",', b'"x":1,"x":2,'))
            return self._forge.signed(claims=claims.replace(b"{", b"{" + doubled, 1))
        if change == 3:
            number = self._chance.choice(
                (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"0x1", b"01")
            )
            return self._forge.signed(
                claims=claims.replace(b"{", b'{"x":' + number + b',"exp":1,', 1)
            )
        if change == 4:
            return self._forge.signed(claims=claims.decode().encode("utf-16"))
        return self._forge.signed(claims=b"[" * self._chance.randrange(1, 3000) + claims)

    def _bad_header(self) -> dict[str, Any]:
        header: dict[str, Any] = dict(GOOD_HEADER)
        change = self._chance.randrange(3)
        if change == 0:
            del header[self._chance.choice(("alg", "typ", "kid"))]
        elif change == 1:
            name = self._chance.choice(("alg", "typ", "kid"))
            text = header[name]
            cut = text[: self._chance.randrange(len(text))]
            header[name] = self._chance.choice(
                [*_JSON, text.upper() + "x", cut, text + "\0", [text]]
            )
        else:
            name = self._chance.choice(("crit", "jwk", "jku", "x5u", "x5c", "b64", "zip", "x", ""))
            header[name] = self._chance.choice([*_JSON, ["exp"], self._forge.traps.url])
        return header


_ALPHABET_ORDER = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_").encode()
_MISSING = object()
_Bad = Callable[[random.Random, dict[str, Any]], Any]


def _of_no_text(chance: random.Random) -> Any:  # noqa: ANN401 - any JSON
    return chance.choice([_MISSING, *(value for value in _JSON if not isinstance(value, str)), ""])


def _text(*bad: str) -> _Bad:
    return lambda chance, _: _of_no_text(chance) if chance.random() < 0.4 else chance.choice(bad)


def _bad_expiry(chance: random.Random, claims: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    late = claims["iat"] + 901 + int(10 ** chance.uniform(0, 9))
    early = claims["iat"] - chance.randrange(10_000)
    others = (float(claims["exp"]), str(claims["exp"]), [claims["exp"]])
    return chance.choice((late, late, early, *others, _MISSING, None, True, -1, {}))


def _bad_issue(chance: random.Random, claims: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    future = claims["iat"] + 60 + chance.randrange(800)
    early = claims["iat"] - 1 - chance.randrange(10**6)
    return chance.choice((future, early, float(claims["iat"]), str(claims["iat"]), _MISSING, True))


def _bad_beginning(chance: random.Random, claims: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    future = claims["iat"] + 60 + chance.randrange(10**9)
    return chance.choice((future, str(claims["iat"]), float(claims["iat"]), None, True, [], {}))


_OURS = audience(PROVINCE)
_IDENTIFIERS = ("a b", "-a", "a\n", "a/b", "x" * 101, "\u0430", "a\0", " a", "a,b", "%61")
_BAD_CLAIMS: dict[str, _Bad] = {
    "exp": _bad_expiry,
    "iat": _bad_issue,
    "nbf": _bad_beginning,
    "aud": _text(_OURS + "!", _OURS + " ", _OURS.upper(), "urn:jiuzhou:gateway:", _OURS + "\n",
                 "x" + _OURS, "urn:jiuzhou:center", "urn:jiuzhou:gateway:Zhejiang", _OURS + "\0"),
    "iss": _text(CENTER_ISSUER + "x", CENTER_ISSUER[:-1], CENTER_ISSUER.upper(), "urn:jiuzhou",
                 CENTER_ISSUER + "\n", " " + CENTER_ISSUER, CENTER_ISSUER + ":"),
    "sub": _text("other", *_IDENTIFIERS),
    "client_id": _text("other", *_IDENTIFIERS),
    "jti": _text(*_IDENTIFIERS),
    "scope": _text("infer", "infer:", "infer:*", "*", "INFER:a", "infer:a ", " infer:a", "infer:a,b",
                   "infer:a  infer:b", "infer:A", "infer:a\ninfer:b", "admin:a", "infer:-a"),
}  # fmt: skip
