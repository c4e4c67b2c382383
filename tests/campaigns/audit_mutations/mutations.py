"""Ways to falsify the audit trail: in the database that holds it, and in a file that proves it."""

import base64
import hashlib
import json
import random
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from center.identity.audit.trail import GENESIS, Act, chained

_FIELDS = ("actor", "actor_kind", "organisation", "act", "subject", "province", "detail", "at")


class Trail:
    """The trail in a SQLite file, as somebody with a shell on the database changes it."""

    def __init__(self, connection: sqlite3.Connection, chance: random.Random) -> None:
        self._sql = connection
        self._chance = chance
        self.length: int = self._one("SELECT count(*) FROM audit")

    def edit(self) -> str:
        """Change one field of one act."""
        seq, field = self._any(), self._chance.choice(_FIELDS)
        change = f"UPDATE audit SET {field}=? WHERE seq=?"  # noqa: S608 - one of our own names
        self._sql.execute(change, (self._other(seq, field), seq))
        return f"{field} of act {seq} edited"

    def edit_and_chain(self) -> str:
        """Change one field, and compute every hash from there on, and the head, anew."""
        told = self.edit()
        self._chain()
        return f"{told}, and the chain computed anew"

    def delete(self) -> str:
        """Delete one act."""
        seq = self._any()
        self._sql.execute("DELETE FROM audit WHERE seq=?", (seq,))
        return f"act {seq} deleted"

    def delete_and_chain(self) -> str:
        """Delete one act, close the gap, and compute the chain anew."""
        told = self.delete()
        kept = [row[0] for row in self._sql.execute("SELECT seq FROM audit ORDER BY seq")]
        for number, seq in enumerate(kept, 1):
            self._sql.execute("UPDATE audit SET seq=? WHERE seq=?", (number, seq))
        self._chain()
        return f"{told}, and the chain computed anew"

    def reorder(self) -> str:
        """Have two acts change places."""
        left, right = self._chance.sample(range(1, self.length + 1), 2)
        for old, new in ((left, -1), (right, left), (-1, right)):
            self._sql.execute("UPDATE audit SET seq=? WHERE seq=?", (new, old))
        return f"acts {left} and {right} changed places"

    def truncate(self) -> str:
        """Cut the end off."""
        seq = self._any()
        self._sql.execute("DELETE FROM audit WHERE seq>=?", (seq,))
        return f"cut off from act {seq} on"

    def truncate_with_head(self) -> str:
        """Cut the end off, and set the head back to what is left."""
        told = self.truncate()
        self._set_head()
        return f"{told}, and the head set back"

    def _any(self) -> int:
        return self._chance.randint(1, self.length)

    def _other(self, seq: int, field: str) -> str:
        was = self._one(f"SELECT {field} FROM audit WHERE seq={seq}")  # noqa: S608 - our own names
        if field == "at":
            return (datetime.fromisoformat(was) + timedelta(microseconds=1)).isoformat(" ")
        if field == "detail":
            return json.dumps({**json.loads(was), "planted": self._chance.random()})
        return f"{was or ''}x"

    def _chain(self) -> None:
        previous = GENESIS
        columns = [*_FIELDS, "seq"]
        asked = f"SELECT {','.join(columns)} FROM audit ORDER BY seq"  # noqa: S608 - our own names
        rows = self._sql.execute(asked).fetchall()
        for row in rows:
            members: dict[str, Any] = dict(zip(columns, row, strict=True))
            members["detail"] = json.loads(members["detail"])
            members["at"] = datetime.fromisoformat(f"{members['at']}+00:00")
            previous = chained(previous, Act(**members))
            self._sql.execute("UPDATE audit SET hash=? WHERE seq=?", (previous, members["seq"]))
        self._set_head()

    def _set_head(self) -> None:
        last = self._sql.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        self._sql.execute("UPDATE audit_head SET seq=?, hash=?", last or (0, GENESIS))

    def _one(self, query: str) -> Any:  # noqa: ANN401 - whatever stands there
        return self._sql.execute(query).fetchone()[0]


class File:
    """A proof, as somebody changes it on its way."""

    def __init__(self, content: bytes, earlier: bytes, chance: random.Random) -> None:
        self._content = content
        self._earlier = earlier
        self._chance = chance
        self._lines = content.splitlines(keepends=True)

    def change_byte(self) -> bytes:
        """Change one byte."""
        at = self._chance.randrange(len(self._content))
        other = (self._content[at] + self._chance.randint(1, 255)) % 256
        return self._content[:at] + bytes([other]) + self._content[at + 1 :]

    def insert_space(self) -> bytes:
        """Add a space after a comma, which changes no value."""
        commas = [place for place, byte in enumerate(self._content) if byte == ord(",")]
        at = self._chance.choice(commas) + 1
        return self._content[:at] + b" " + self._content[at:]

    def delete_line(self) -> bytes:
        """Leave one line out."""
        at = self._chance.randrange(len(self._lines))
        return b"".join(self._lines[:at] + self._lines[at + 1 :])

    def swap_lines(self) -> bytes:
        """Have two acts change places."""
        left, right = self._chance.sample(range(len(self._lines) - 1), 2)
        lines = list(self._lines)
        lines[left], lines[right] = lines[right], lines[left]
        return b"".join(lines)

    def truncate(self) -> bytes:
        """Cut the end off, anywhere."""
        return self._content[: self._chance.randrange(len(self._content))]

    def truncate_with_head(self) -> bytes:
        """Leave the last acts out, and change the signed head to fit, with the signature that is there."""
        count = self._chance.randrange(1, len(self._lines) - 1)
        kept = self._lines[:count]
        act = json.loads(kept[-1])
        head, payload, signature = self._lines[-1].strip().split(b".")
        signed = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
        signed |= {"seq": act["seq"], "hash": act["hash"], "content": _digest(b"".join(kept))}
        forged = base64.urlsafe_b64encode(json.dumps(signed).encode()).rstrip(b"=")
        return b"".join(kept) + b".".join([head, forged, signature]) + b"\n"

    def take_an_earlier_one(self) -> bytes:
        """Hand out a proof of before, which is whole but lacks what came after."""
        return self._earlier


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def in_the_database(trail: Trail) -> list[Callable[[], str]]:
    """Return every way to falsify a trail."""
    plain = [trail.edit, trail.delete, trail.reorder, trail.truncate]
    return [*plain, trail.edit_and_chain, trail.delete_and_chain, trail.truncate_with_head]


def in_the_file(file: File) -> list[Callable[[], bytes]]:
    """Return every way to falsify a proof."""
    plain = [file.change_byte, file.insert_space, file.delete_line, file.swap_lines]
    return [*plain, file.truncate, file.truncate_with_head, file.take_an_earlier_one]
