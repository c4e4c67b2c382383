"""The audit trail against whoever can write to its database, or to a file that proves it (C03).

Each mutation is one falsification of an intact trail: an act edited, deleted, moved or cut off, also
with the chain and its head computed anew, as a person with a shell on the database could do. All must
be found: in the database with the anchor beside it, in a file with the center's public key and an
earlier head. A truncated proof is one that was whole before, so that only an anchor tells.
"""

import sqlite3
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from center import rows
from center.access.keys import KeyRing
from center.access.vault import Vault
from center.database import Database
from center.identity import audit
from center.identity.audit import follow_acts, proof
from center.identity.audit.anchor import Anchor
from center.permissions import WORKER
from tests.campaigns.audit_mutations.mutations import File, Trail, in_the_database, in_the_file
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void

_ACTS = 40
_TRAIL = "center/identity/audit/trail.py"
_PROOF = "center/identity/audit/proof.py"


def play(run: Run) -> None:
    """Falsify a trail of some forty acts, half the times in its database, half in its proof."""
    path = run.folder / "center.db"
    keys, earlier, content = _record_trail(path, run.folder)
    anchor = Anchor(run.folder).read()
    if anchor is None or len(content.splitlines()) < _ACTS:
        raise Void("too little was done for a trail")
    found: Counter[str] = Counter()
    _falsify_database(run, path, anchor, found)
    file = File(content, earlier, run.random)
    for _ in range(run.size - run.size // 2):
        mutate = run.random.choice(in_the_file(file))
        changed = mutate()
        try:
            proof.verify(changed, keys, anchor)
        except proof.ProofBroken:
            found[f"file: {mutate.__name__}"] += 1
        else:
            run.expect(changed == content, f"a proof is taken after {mutate.__name__}")
    run.expect(proof.verify(content, keys, anchor).head == anchor, "the true proof is refused")
    run.report(mutations=run.size, found=found.total(), by_kind=dict(sorted(found.items())))


def _record_trail(path: Path, folder: Path) -> tuple[list[dict[str, Any]], bytes, bytes]:
    """Record acts as a center does; return its public keys, a proof of before, and one of the end."""
    database = Database(f"sqlite:///{path}")
    rows.metadata.create_all(database.engine)
    follow_acts(database, Anchor(folder).follow)
    keys = KeyRing(Vault(folder / "keys"))
    keys.prepare(database, datetime.now(UTC))
    proofs = []
    for half in range(2):
        for number in range(_ACTS // 2):
            subject = f"{('user', 'province', 'application')[number % 3]}/{half}-{number}"
            with database.session() as session:
                audit.record(session, WORKER, "something.done", subject, {"number": number})
        with database.session(write=False) as session:
            proofs.append(b"".join(proof.write(audit.acts(session), keys, datetime.now(UTC))))
    database.close()
    return keys.public_keys("state"), proofs[0], proofs[1]


def _falsify_database(run: Run, path: Path, anchor: audit.Head, found: Counter[str]) -> None:
    shell = sqlite3.connect(path, isolation_level=None)
    pristine = sqlite3.connect(":memory:")
    shell.backup(pristine)
    database = Database(f"sqlite:///{path}")
    try:
        for _ in range(run.size // 2):
            shell.execute("BEGIN")
            mutate = run.random.choice(in_the_database(Trail(shell, run.random)))
            told = mutate()
            shell.execute("COMMIT")
            with database.session(write=False) as session:
                verdict = audit.verify(session, anchor)
            run.expect(not verdict.intact, f"the trail seems whole: {told}")
            found[f"database: {mutate.__name__}"] += not verdict.intact
            pristine.backup(shell)
        with database.session(write=False) as session:
            run.expect(audit.verify(session, anchor).intact, "the true trail is refused")
    finally:
        database.close()
        shell.close()
        pristine.close()


CAMPAIGN = Campaign(
    name="audit-mutations",
    unit="mutations",
    small=300,
    large=10_000,
    planted=(
        PlantedBug(
            name="detail-not-hashed",
            path=_TRAIL,
            old="act.organisation, act.act, act.subject, act.detail),",
            new="act.organisation, act.act, act.subject),",
        ),
        PlantedBug(
            name="anchor-not-reached-for",
            path=_TRAIL,
            old="        return self._anchor is None or self.head.seq >= self._anchor.seq",
            new="        return True",
        ),
        PlantedBug(
            name="anchors-hash-not-compared",
            path=_TRAIL,
            old="act.seq == anchor.seq and act.hash != anchor.hash:",
            new="act.seq == anchor.seq and not act.hash:",
        ),
        PlantedBug(
            name="signature-not-checked",
            path=_PROOF,
            old="jwt.PyJWK(dict(key)), algorithms=[ALGORITHM])",
            new='jwt.PyJWK(dict(key)), algorithms=[ALGORITHM], options={"verify_signature": False})',
            along=(
                (
                    _PROOF,
                    '    if not chain.reaches_anchor:\n        raise ProofBroken(f"Acts that',
                    '    if False:\n        raise ProofBroken(f"Acts that',
                ),
            ),
        ),
        PlantedBug(
            name="content-not-compared",
            path=_PROOF,
            old='.hexdigest() != signed["content"]:',
            new='.hexdigest() == "":',
        ),
    ),
    play=play,
)
