"""Finds planted values in bytes, in every form and under every wrapping that we could think of.

A canary is a value that stands nowhere but where it was planted. Its forms are byte strings: text in
several encodings, the number as a varint, as integers and as floats in both byte orders. They are
searched at every offset of what was recorded and of all that can be unwrapped from it: gzip, zlib,
deflate, Base64 in both alphabets and at every alignment, hexadecimal.
"""

import base64
import binascii
import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Value = str | int | float

_DEPTH = 5
_MOST_INFLATED = 64 << 20
_LEAST_FORM = 4
_SURE_FORM = 8
"""Shorter forms stand in random bytes, such as signatures, by chance."""
_MAGICS = {b"\x1f\x8b\x08": 31, b"\x78\x01": 15, b"\x78\x5e": 15, b"\x78\x9c": 15, b"\x78\xda": 15}
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_LONG_TOKEN = 200
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){6,}")
_RANDOM = re.compile(rb"[0-9a-f]+")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True)
class Canary:
    """A planted value, and where it was planted."""

    name: str
    value: Value

    @cached_property
    def forms(self) -> dict[str, bytes]:
        """What the value may look like, by the name of the form."""
        match self.value:
            case str():
                found = _text_forms(self.value)
                if self.value.isdecimal():
                    found |= _integer_forms(int(self.value))
            case int():
                found = _text_forms(str(self.value)) | _integer_forms(self.value)
            case float():
                found = _float_forms(self.value)
        return {name: form for name, form in found.items() if len(form) >= _LEAST_FORM}


@dataclass(frozen=True)
class Leak:
    """Where a canary was seen.

    Attributes:
        way: How the bytes were unwrapped, from the outside in.
    """

    canary: Canary
    form: str
    way: str

    def __str__(self) -> str:
        return f"{self.canary.name} as {self.form} in {self.way}"


@dataclass(frozen=True)
class Layer:
    """Bytes that were recorded, or unwrapped from what was recorded.

    Attributes:
        is_random: Compressed, signed or hashed: only long forms are meaningful in it.
    """

    way: str
    content: bytes
    is_random: bool = False


class Unreadable(Exception):
    """There is a wrapping that cannot be looked into: nobody may say that nothing leaked."""


class LeakScanner:
    """Searches for many canaries at once."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        forms: dict[bytes, tuple[Canary, str]] = {}
        for canary in canaries:
            for name, form in canary.forms.items():
                forms.setdefault(form, (canary, name))
        self._forms: dict[int, list[tuple[bytes, Canary, str]]] = defaultdict(list)
        for form, (canary, name) in forms.items():
            self._forms[_head(form)].append((form, canary, name))
        # Most offsets are ruled out by their first two bytes, at one look into a table.
        self._begins = np.zeros(1 << 16, dtype=np.bool_)
        self._begins[[head >> 16 for head in self._forms]] = True

    def scan(self, recorded: Mapping[str, bytes]) -> list[Leak]:
        """Search everything, by the name of where it was recorded.

        Raises:
            Unreadable: Something is wrapped in a way that cannot be unwrapped here.
        """
        leaks = (leak for name, content in recorded.items() for layer in unwrapped(name, content)
                 for leak in self.look(layer))  # fmt: skip
        return sorted(set(leaks), key=str)

    def look(self, layer: Layer) -> Iterator[Leak]:
        """Search one layer at every byte offset."""
        content = layer.content
        if len(content) < _LEAST_FORM:
            return
        whole = np.frombuffer(content, dtype=np.uint8).astype(np.uint16)
        for offset in np.flatnonzero(self._begins[whole[:-1] << 8 | whole[1:]]).tolist():
            for form, canary, name in self._forms.get(
                _head(content[offset : offset + _LEAST_FORM]), ()
            ):
                if layer.is_random and len(form) < _SURE_FORM:
                    continue
                if content.startswith(form, offset):
                    yield Leak(canary, name, layer.way)


def unwrapped(way: str, content: bytes) -> Iterator[Layer]:
    """Yield the bytes themselves and, again and again, all that is wrapped in them.

    Raises:
        Unreadable: There is a Zstandard frame, which nothing here can open.
    """
    yield from _unwrapped(Layer(way, content), 0)


def _unwrapped(layer: Layer, depth: int) -> Iterator[Layer]:
    yield layer
    if depth == _DEPTH:
        return
    for inner in (*inflated(layer), *_decoded(layer)):
        yield from _unwrapped(inner, depth + 1)


def inflated(layer: Layer) -> Iterator[Layer]:
    content = layer.content
    if _ZSTANDARD in content and not layer.is_random:
        raise Unreadable(f"There is a Zstandard frame in {layer.way}.")
    for magic, bits in _MAGICS.items():
        start = content.find(magic)
        while start >= 0:
            inner = _inflate(content[start:], bits)
            if inner:
                yield Layer(f"{layer.way} > {'gzip' if bits > 15 else 'zlib'}", inner)
            start = content.find(magic, start + 1)


def _inflate(content: bytes, bits: int) -> bytes:
    """Inflate as far as it goes; a stream that was cut off leaks as well."""
    inflater = zlib.decompressobj(bits)
    found = b""
    try:
        for start in range(0, len(content), 4096):
            found += inflater.decompress(content[start : start + 4096], _MOST_INFLATED)
            if inflater.eof:
                break
    except zlib.error:
        return found if bits > 15 else b""
    return found


def _decoded(layer: Layer) -> Iterator[Layer]:
    for match in _BASE64.finditer(layer.content):
        token = match[0]
        is_random = bool(_RANDOM.fullmatch(token)) or len(token) < _LONG_TOKEN
        for start in range(4):
            inner = _from_base64(token[start:])
            yield Layer(f"{layer.way} > base64", inner, is_random=is_random)
            if start == 0 and (deflated := _inflate_wholly(inner)):
                yield Layer(f"{layer.way} > base64 > deflate", deflated)
    for match in _HEX.finditer(layer.content):
        for start in range(2):
            even = match[0][start:][: (len(match[0]) - start) // 2 * 2]
            yield Layer(f"{layer.way} > hex", binascii.unhexlify(even), is_random=True)


def _from_base64(token: bytes) -> bytes:
    whole = token[: len(token) // 4 * 4]
    rest = token[len(whole) :]
    ending = rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""
    return base64.b64decode((whole + ending).translate(_TO_STANDARD))


def _inflate_wholly(content: bytes) -> bytes:
    """Inflate raw deflate, which has no magic: only a stream that ends properly is one."""
    inflater = zlib.decompressobj(-15)
    try:
        found = inflater.decompress(content, _MOST_INFLATED)
    except zlib.error:
        return b""
    return found if inflater.eof else b""


def _head(content: bytes) -> int:
    return int.from_bytes(content[:_LEAST_FORM], "big")


def _text_forms(text: str) -> dict[str, bytes]:
    return {
        "text": text.encode(),
        "UTF-16, little endian": text.encode("utf-16-le"),
        "UTF-16, big endian": text.encode("utf-16-be"),
        "text, backwards": text[::-1].encode(),
        "capitals": text.upper().encode(),
    }


def _integer_forms(number: int) -> dict[str, bytes]:
    least = (number.bit_length() + 7) // 8
    forms = {"varint": _varint(number), "zigzag varint": _varint(number << 1)}
    for order in ("little", "big"):
        forms[f"{order}-endian integer of {least} bytes"] = number.to_bytes(least, order)
        forms[f"{order}-endian integer"] = number.to_bytes(8, order)
    forms["hexadecimal"] = f"{number:x}".encode()
    return forms | {f"float, {k}": v for k, v in _float_bytes(float(number), "d").items()}


def _float_forms(value: float) -> dict[str, bytes]:
    narrow = float(np.float32(value))
    texts = {
        "text": repr(value),
        "text of a float32": str(np.float32(value)),
        "6 decimals": f"{value:.6f}",
    }
    forms = {name: text.encode() for name, text in texts.items()}
    forms |= {f"float64, {name}": form for name, form in _float_bytes(value, "d").items()}
    forms |= {f"float32, {name}": form for name, form in _float_bytes(value, "f").items()}
    return forms | {f"float32 widened, {k}": v for k, v in _float_bytes(narrow, "d").items()}


def _float_bytes(value: float, code: str) -> dict[str, bytes]:
    orders = {"little endian": "<", "big endian": ">"}
    return {name: struct.pack(order + code, value) for name, order in orders.items()}


def _varint(number: int) -> bytes:
    parts = []
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])
