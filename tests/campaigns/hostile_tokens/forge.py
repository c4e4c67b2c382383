"""What an attacker makes tokens with, and the one way to ask a gateway with them."""

import base64
import hashlib
import hmac
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from tests.gateway_province import INFER, Province, Signer

GOOD_HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "token-1"}
_SHA256 = ECAlgorithm(ECAlgorithm.SHA256)


def encode(part: object) -> bytes:
    """Write bytes, or anything as JSON, in base64url without padding."""
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decode(part: bytes) -> bytes:
    """Read base64url without padding."""
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))


class Canaries:
    """Things that nobody may touch: a listening socket, and a named pipe."""

    def __init__(self, listener: socket.socket, pipe: Path) -> None:
        self._listener = listener
        self.pipe = pipe
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys"

    @property
    def connections(self) -> int:
        """Count the connections that came, each once."""
        count = 0
        while True:
            try:
                self._listener.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    @property
    def is_pipe_open(self) -> bool:
        """Whether somebody opened the pipe to read it: such a reader hangs, and can be seen."""
        try:
            os.close(os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True


@contextmanager
def canaries(folder: Path) -> Iterator[Canaries]:
    """Set canaries out for the length of a ``with`` block."""
    pipe = folder / "canary"
    os.mkfifo(pipe)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield Canaries(listener, pipe)


class Forge:
    """Makes tokens of any kind, with the gateway's own key or with others."""

    def __init__(self, province: Province, traps: Canaries) -> None:
        self.province = province
        self.traps = traps
        self.stranger = Signer("token-1")
        self.good = province.token().encode()

    def signed(
        self, header: object = GOOD_HEADER, claims: object = None, signer: Signer | None = None
    ) -> bytes:
        """Sign any header over any claims; without claims, over good ones."""
        payload = self.province.claims() if claims is None else claims
        text = encode(header) + b"." + encode(payload)
        key = (signer or self.province.token_key).key
        return text + b"." + encode(_SHA256.sign(text, key))

    def claiming(self, **changes: Any) -> bytes:  # noqa: ANN401 - claims of any type
        """Sign a good token's claims with changes; None takes a claim away."""
        return self.signed(claims=self.province.claims(**changes))

    def with_header(self, **changes: object) -> bytes:
        """Sign good claims under a header with changes."""
        return self.signed({**GOOD_HEADER, **changes})

    def keyed_hash(self, algorithm: str, form: str) -> bytes:
        """Use the public key, in one of its written forms, as the secret of an HMAC."""
        header = {**GOOD_HEADER, "alg": algorithm}
        text = encode(header) + b"." + encode(self.province.claims())
        digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
        secret = self._written(form)
        return text + b"." + encode(hmac.digest(secret, text, digest[algorithm]))

    def _written(self, form: str) -> bytes:
        key = self.province.token_key.key.public_key()
        info = PublicFormat.SubjectPublicKeyInfo
        if form == "jwk":
            return json.dumps(self.province.token_key.jwk).encode()
        if form == "stripped-pem":
            return key.public_bytes(Encoding.PEM, info).strip()
        forms = {
            "pem": (Encoding.PEM, info),
            "der": (Encoding.DER, info),
            "ssh": (Encoding.OpenSSH, PublicFormat.OpenSSH),
            "point": (Encoding.X962, PublicFormat.UncompressedPoint),
            "compressed-point": (Encoding.X962, PublicFormat.CompressedPoint),
        }
        return key.public_bytes(*forms[form])


def request(*lines: bytes, target: bytes = INFER.encode(), body: bytes = b"{}") -> bytes:
    """Make the bytes of a call that brings these header lines."""
    is_post = target.partition(b"?")[0].endswith((b"/infer", b"/feedback"))
    head = [b"%b %b HTTP/1.1" % (b"POST" if is_post else b"GET", target), b"Host: g", *lines]
    if is_post:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + (body if is_post else b"")


def bearing(token: bytes, target: bytes = INFER.encode()) -> bytes:
    """Make the bytes of a call that brings this token."""
    return request(b"Authorization: Bearer " + token, target=target)
