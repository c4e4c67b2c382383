"""Token keys are rotated while calls run: no valid call is refused, no withdrawn key accepted.

Each gateway worker is called all the time with tokens from before each rotation and with tokens
that were minted a moment ago; a third caller floods it with tokens of a key that nobody knows.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update

from capability_sdk.contracts.tokens import TOKEN_TYPE, audience
from center.access.store import SigningKeyRow
from center.database import Database
from tests.campaigns.callers import Caller, Lane, running_lanes
from tests.campaigns.country import Country, running_country
from tests.campaigns.harness import Campaign, Run, Void
from tests.campaigns.key_rotation import planted, rollback
from tests.gateway_province import Signer
from tests.waiting import eventually

SMALL = 2
LEAD_SECONDS = 1.0
REMOVED_SECONDS = 2.0
"""After this long, no token of a withdrawn key is accepted any more."""

CROWDED = 3.0
_SIGNER_SECONDS = 60.0
"""For a new key to sign; generous, for no bar is about it."""
_FRESH_SECONDS = 0.15
_LEAST_FRESH = 4
_REFUSED = "invalid-token"


@dataclass
class Attempt:
    """What one run needs at hand."""

    run: Run
    country: Country
    lanes: dict[str, list[Lane]]
    made: dict[str, dict[str, Any]]
    kept: list[Caller] = field(default_factory=list)
    """Callers whose tokens stay valid over all rotations."""

    def add(self, name: str, province: str, token: str) -> Caller:
        caller = Caller(f"{name} in {province}", token)
        for lane in self.lanes[province]:
            lane.add(caller)
        return caller

    def remove(self, caller: Caller) -> None:
        for each in self.lanes.values():
            for lane in each:
                lane.remove(caller)

    def mint(self, province: str) -> str:
        made, edge = self.made[province], self.country.provinces[province]
        return edge.token(made["client_id"], made["client_secret"])

    def mint_by(self, kid: str, province: str) -> str:
        """Mint once a key has come to a province, also after a cut, and signs."""
        edge = self.country.provinces[province]
        eventually(lambda: kid in rollback.keys_of(edge))
        end = time.monotonic() + _SIGNER_SECONDS
        while (signer := rollback.kid_of(token := self.mint(province))) != kid:
            if time.monotonic() > end:
                self.run.expect(False, f"{province}: a token is signed by {signer}, not {kid}")
                break
            time.sleep(0.05)
        return token


class _Fresh(threading.Thread):
    """Asks one gateway for token after token; its callers use the newest at once."""

    def __init__(self, attempt: Attempt, province: str) -> None:
        super().__init__(name=f"fresh {province}", daemon=True)
        self.caller = attempt.add("fresh tokens", province, attempt.mint(province))
        self.minted = 0
        self._attempt = attempt
        self._province = province
        self._is_over = threading.Event()

    def run(self) -> None:
        while not self._is_over.wait(_FRESH_SECONDS):
            self.caller.token = self._attempt.mint(self._province)
            self.minted += 1

    def end(self) -> None:
        self._is_over.set()
        self.join(30)


def play(run: Run) -> None:
    """Rotate ``run.size`` times, once over a cut link; then withdraw keys and replay old states."""
    lead = f"PT{LEAD_SECONDS}S"
    with running_country(run.folder, key_publish_lead=lead) as country:
        ports = {name: province.ports for name, province in country.provinces.items()}
        with running_lanes(ports) as lanes:
            made = {name: country.register(name, "bank") for name in country.provinces}
            attempt = Attempt(run, country, lanes, made)
            _await_service(attempt)
            before = {name: rollback.read_state(edge) for name, edge in country.provinces.items()}
            with _load(attempt):
                for number in range(run.size):
                    _rotate(attempt, is_cut=number % 2 == 1)
            if CAMPAIGN.has_told(run):
                return
            _let_old_keys_run_out(attempt)
            if CAMPAIGN.has_told(run):
                return
            rollback.replay(run, country, before)
            rollback.put_back(run, country, before, attempt.kept)


def _await_service(attempt: Attempt) -> None:
    began = time.monotonic()
    for province in attempt.country.provinces:
        attempt.kept.append(attempt.add("old token", province, attempt.mint(province)))
    eventually(lambda: not any(caller.unserved(began) for caller in attempt.kept))


@contextmanager
def _load(attempt: Attempt) -> Iterator[None]:
    """Call all the time; afterwards, no valid call may have been refused, no forged one served."""
    began = time.monotonic()
    provinces = attempt.country.provinces
    forged = [attempt.add("forged", name, _forge(attempt, name)) for name in provinces]
    fresh = [_Fresh(attempt, name) for name in provinces]
    for thread in fresh:
        thread.start()
    yield
    for thread in fresh:
        thread.end()
    valid = [*attempt.kept, *(thread.caller for thread in fresh)]
    calls = sum(len(each) for caller in valid for each in caller.answers.values())
    for caller in valid:
        refused = [a.cause for each in caller.answers.values() for a in each if a.sent > began]
        causes = set(refused) - {""}
        attempt.run.expect(not causes, f"{caller.name}: a valid call was refused as {causes}")
    for caller in forged:
        heard = caller.causes_since(0.0)
        attempt.run.expect(heard == {_REFUSED}, f"{caller.name}: heard {heard}")
        served = any(not a.cause for each in caller.answers.values() for a in each)
        attempt.run.expect(not served, f"{caller.name}: was served")
        attempt.remove(caller)
    for thread in fresh:
        if thread.minted < _LEAST_FRESH:
            raise Void(f"{thread.name}: only {thread.minted} tokens")
        attempt.kept.append(thread.caller)
    forgeries = sum(len(each) for caller in forged for each in caller.answers.values())
    minted = sum(thread.minted for thread in fresh)
    attempt.run.report(rotations=attempt.run.size, valid_calls=calls, forged_calls=forgeries)
    attempt.run.report(tokens_minted=minted)


def _rotate(attempt: Attempt, *, is_cut: bool) -> None:
    """Publish a key, wait until it signs, and until a token of it was used."""
    country, run = attempt.country, attempt.run
    links = [province.link for province in country.provinces.values()]
    time.sleep(run.random.uniform(0.0, 0.5))
    if is_cut:
        for link in links:
            link.cut()
    kid = country.root.post("/token-keys:rotate")["kid"]
    run.note("rotated", kid=kid, is_cut=is_cut)
    time.sleep(LEAD_SECONDS + run.random.uniform(0.1, 0.5))
    for link in links:
        if is_cut:
            link.mend()
    for province in country.provinces:
        token = attempt.mint_by(kid, province)
        attempt.kept.append(attempt.add(f"token of {kid[:6]}", province, token))
    time.sleep(1.0)


def _let_old_keys_run_out(attempt: Attempt) -> None:
    """Turn the end of the old keys' window to now: their tokens fall, those of the last key stay."""
    newest = attempt.country.root.post("/token-keys:rotate")["kid"]
    time.sleep(LEAD_SECONDS)
    new = {
        name: attempt.add("newest", name, attempt.mint_by(newest, name)) for name in attempt.made
    }
    _end_windows(attempt.country.center.database_url, but=newest)
    ended = time.monotonic()
    # A key goes by the mere passing of time, and is looked for at the next change.
    attempt.country.root.post("/applications", {"name": "any change", "province": "guizhou"})
    attempt.country.root.post("/applications", {"name": "any change", "province": "zhejiang"})
    limit = REMOVED_SECONDS * (CROWDED if attempt.run.size <= SMALL else 1.0)
    time.sleep(limit + 0.5)
    delays = [d for caller in attempt.kept for d in caller.accepted_since(ended).values()]
    attempt.run.report(seconds_to_last_call_of_a_removed_key=round(max(delays), 3))
    attempt.run.expect(
        max(delays) <= limit, f"a removed key's token was accepted {max(delays):.2f} s later"
    )
    for caller in new.values():
        other = caller.causes_since(ended)
        attempt.run.expect(not other, f"{caller.name}: refused as {other} when old keys ended")
        if caller.unserved(ended):
            raise Void(f"{caller.name} was not served at all")
    attempt.kept = list(new.values())


def _end_windows(database_url: str, *, but: str) -> None:
    database = Database(database_url)
    with database.session() as session:
        ended = update(SigningKeyRow).where(
            SigningKeyRow.purpose == "token", SigningKeyRow.kid != but
        )
        session.execute(ended.values(expires_at=datetime.now(UTC)))
    database.close()


def _forge(attempt: Attempt, province: str) -> str:
    now = int(time.time())
    client = attempt.made[province]["client_id"]
    claims = {
        "iss": "urn:jiuzhou:center",
        "aud": audience(province),
        "sub": client,
        "client_id": client,
        "scope": "infer:digit-recognition",
        "jti": "t-forged",
        "iat": now,
        "exp": now + 900,
    }
    return Signer("a-key-that-nobody-knows").sign(claims, TOKEN_TYPE)


CAMPAIGN = Campaign(
    name="key-rotation",
    unit="rotations",
    small=SMALL,
    large=20,
    planted=planted.BUGS,
    play=play,
)
