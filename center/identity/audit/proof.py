"""A file that proves the trail without the center: every act, and a head that the center signed.

Each line but the last is an act as canonical JSON; the last is a compact JWS over the head and the
digest of everything before it. Whoever holds the center's state key, which every edge pinned at its
enrolment, verifies it offline.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from capability_sdk.contracts.tokens import ALGORITHM
from center.identity.audit.trail import Act, Chain, Head
from center.signing import Signer

HEAD_TYPE = "jiuzhou-audit-head+jws"


class ProofBroken(Exception):
    """A file is not what the center wrote; the message says where."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What a file proves.

    Attributes:
        exported_at: When the center signed it.
    """

    head: Head
    exported_at: datetime


def write(acts: Iterable[Act], signer: Signer, now: datetime) -> Iterator[bytes]:
    """Yield the lines of a file that proves a trail.

    Raises:
        ProofBroken: The trail itself is broken: nothing is signed.
    """
    chain, digest = Chain(), hashlib.sha256()
    for act in acts:
        if not chain.add(act):
            raise ProofBroken(f"The trail is broken at act {chain.head.seq + 1}.")
        line = _canonical(act)
        digest.update(line)
        yield line
    payload = {
        "seq": chain.head.seq,
        "hash": chain.head.hash,
        "content": digest.hexdigest(),
        "exported_at": now.isoformat(),
    }
    head = signer.sign_jws(json.dumps(payload).encode(), HEAD_TYPE, "state")
    yield head.encode() + b"\n"


def verify(content: bytes, keys: Sequence[Mapping[str, Any]], anchor: Head | None = None) -> Proven:
    """Check a file against the center's public keys, offline.

    Args:
        content: The file.
        keys: JWKs of the center's state keys.
        anchor: A head that was seen before, such as of an earlier file: this one must hold it.

    Raises:
        ProofBroken: A byte differs from what the center wrote, or an act that the anchor has seen is
            missing or another.
    """
    *lines, last = content.split(b"\n")[:-1] or [b""]
    if not content.endswith(b"\n"):
        raise ProofBroken("The file ends in the middle of a line.")
    signed = _open(last, keys)
    chain = Chain(anchor)
    for number, line in enumerate(lines, 1):
        if not chain.add(_read(line, number)):
            raise ProofBroken(f"The trail is broken at act {number}.")
    if (signed["seq"], signed["hash"]) != (chain.head.seq, chain.head.hash):
        raise ProofBroken(f"The center signed {signed['seq']} acts, here are {chain.head.seq}.")
    if hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest() != signed["content"]:
        raise ProofBroken("The lines are not those that the center signed.")
    if not chain.reaches_anchor:
        raise ProofBroken(f"Acts that were seen before are missing after act {chain.head.seq}.")
    return Proven(chain.head, datetime.fromisoformat(signed["exported_at"]))


def _canonical(act: Act) -> bytes:
    members = {**asdict(act), "at": act.at.astimezone(UTC).isoformat(timespec="microseconds")}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode() + b"\n"


def _read(line: bytes, number: int) -> Act:
    try:
        members = json.loads(line)
        return Act(**{**members, "at": datetime.fromisoformat(members["at"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ProofBroken(f"Line {number} is not an act.") from error


def _open(last: bytes, keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    try:
        token = last.decode("ascii")
        header = jwt.get_unverified_header(token)
        key = next((item for item in keys if item.get("kid") == header.get("kid")), None)
        if key is None or header != {"alg": ALGORITHM, "typ": HEAD_TYPE, "kid": key["kid"]}:
            raise ProofBroken("The last line is not a head that this center signed.")
        payload = jwt.PyJWS().decode(token, jwt.PyJWK(dict(key)), algorithms=[ALGORITHM])
    except (PyJWTError, ValueError) as error:
        raise ProofBroken("The signature of the last line is not the center's.") from error
    if any(_encoded(_decoded(part)) != part for part in token.split(".")):
        raise ProofBroken("The last line is not written as the center writes it.")
    signed: dict[str, Any] = json.loads(payload)
    return signed


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
