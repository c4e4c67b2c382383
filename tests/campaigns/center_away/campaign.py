"""Without the center: calls are served, known applications get tokens, any restart heals.

Beforehand ``/health/autonomy`` says what would happen, and names what is incomplete. Then the
center is killed, or hangs with open connections. The edge's processes are killed one after the
other in seeded orders, and each time the province serves again: a call is answered and a token
given out. When the center is back, its books equal what callers saw.
"""

import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil

from capability_sdk.contracts.tokens import delegated_issuer
from tests.campaigns.center_away.calls import Books, Caller, Desk
from tests.campaigns.center_away.forgery import beyond, forge, payload
from tests.campaigns.center_away.planted import PLANTED
from tests.campaigns.center_away.world import (
    EDGE_PROCESSES,
    OTHER,
    PROVINCE,
    SERVED,
    World,
    running_world,
)
from tests.campaigns.harness import Campaign, Run, Void
from tests.e2e.harness import Person

_SMALL = 1
_LARGE = 24
_BAR_SECONDS = 10.0
_LATEST_SECONDS = 30.0
"""What comes late is noted, and the run goes on; what does not come ends it."""
_SLOW_MACHINE = 3.0
"""A small run shares its machine with others; only the large one holds the bar itself."""
_WAIT_SECONDS = 90.0
_TOKEN_SECONDS = 3.0
_LEAST_CALLS = 30
_OK, _UNAUTHORISED, _UNAVAILABLE = 200, 401, 503


def play(run: Run) -> None:
    """Play the outage; a first violation ends the run, for nothing after it counts."""
    with running_world(run.folder) as world:
        _Outage(run, world).play()


class _Broken(Exception):
    """Something did not hold; the run has noted it."""


class _Outage:
    """One run."""

    def __init__(self, run: Run, world: World) -> None:
        self._run = run
        self._world = world
        self._books = Books()
        self._desk = Desk(world.edge.url, self._books)
        self._credential = ""
        self._restarts: dict[str, list[float]] = {}
        self._way = run.random.choice(["killed", "hung"])
        is_large = run.size > _SMALL
        self._patience = 1.0 if is_large else _SLOW_MACHINE
        self._limit = _BAR_SECONDS * self._patience

    def play(self) -> None:
        caller = self._begin()
        try:
            self._commands_say_so()
            self._incomplete_is_named()
            self._center_goes(caller)
            self._issuer_keeps_to_its_bounds()
            self._gateway_comes_back_alone(caller)
            self._every_order(caller)
            self._center_comes_back(caller)
        except _Broken:
            pass
        finally:
            caller.end()
            self._report(caller)

    # --- before ---------------------------------------------------------------------------------

    def _begin(self) -> Caller:
        world = self._world
        client = world.closed.client_id
        self._await("the first token", lambda: self._token() is not None)
        self._credential = (world.edge.folder / "internal.token").read_text()
        self._await("autonomy", lambda: self._autonomy().get("autonomous"))
        world.admin.post(f"/applications/{client}:suspend")
        self._await("the suspension", lambda: not self._is_active(client))
        caller = Caller(world.edge.url, self._require_token(), self._books)
        caller.start()
        return caller

    def _commands_say_so(self) -> None:
        """What the page says, ``edge status`` and ``doctor`` say too."""
        data = ("--data", str(self._world.edge.folder), "--json")
        person = Person(self._run.folder / "homes" / "nobody")
        status = person.tries("edge", "status", *data)
        self._require(status.code == 0 and status.json["autonomous"], f"edge status: {status}")
        rows = {row["name"]: row["passed"] for row in person.tries("doctor", *data).json}
        self._require(rows.get("without the center"), f"doctor: {rows}")

    def _incomplete_is_named(self) -> None:
        """E04: what is missing is said before the outage, not found in it."""
        model = self._world.package / "model" / "model.onnx"
        content = model.read_bytes()
        model.unlink()
        began = time.monotonic()
        named = self._comes(lambda: "package-incomplete" in self._reasons())
        self._require(named, "a missing file of a package was not named before the outage (E04)")
        self._run.report(incomplete_named_seconds=round(time.monotonic() - began, 2))
        short = self._desk.autonomy()
        self._require(
            short.get("autonomous") is False and SERVED not in json.dumps(short),
            f"strangers hear too little or too much of autonomy: {short}",
        )
        model.write_bytes(content)
        well = self._comes(lambda: self._autonomy().get("autonomous"))
        self._require(well, f"autonomy does not recover: {self._autonomy()}")

    # --- the outage -----------------------------------------------------------------------------

    def _center_goes(self, caller: Caller) -> None:
        unused = self._require_token()
        self._world.center.go(self._way)
        self._run.note("center gone", way=self._way)
        seconds = [self._timed_token() for _ in range(10)]
        first, rest = seconds[0], seconds[1:]
        self._run.report(
            way=self._way,
            first_token_seconds=round(first, 3),
            next_tokens_seconds_median=round(statistics.median(rest), 4),
            next_tokens_seconds_max=round(max(rest), 4),
        )
        limit = _TOKEN_SECONDS * self._patience
        self._require(
            max(rest) < limit and first < 2 * limit,
            f"tokens take {first:.1f} s at first and {max(rest):.1f} s then",
        )
        token = self._require_token()
        self._require_status(self._desk.infer(token), _OK, "a token of the province's own")
        self._require_status(self._desk.infer(unused), _OK, "a token that the center gave before")
        caller.token = token
        time.sleep(1.0)
        self._require_quiet(caller)

    def _issuer_keeps_to_its_bounds(self) -> None:
        world, desk = self._world, self._desk
        self._require_status(
            desk.token(world.closed), _UNAUTHORISED, "the suspended application's secret"
        )
        self._require_status(
            desk.token(world.known, capability=OTHER), _UNAVAILABLE, "a token beyond the scope"
        )
        for what, changes in beyond(int(time.time())).items():
            answer = desk.infer(self._forge(changes), capability=str(changes.get("of", SERVED)))
            self._require_status(answer, _UNAUTHORISED, f"an own token {what}")
        own = desk.infer(self._forge({}))
        self._require_status(own, _OK, "an own token within the bounds")

    def _gateway_comes_back_alone(self, caller: Caller) -> None:
        """Restart the gateway while a process that it asks hangs."""
        for name in ("scheduler", "agent"):
            with self._paused(caller), _stopped(self._world.edge.find(name)):
                self._world.edge.kill("gateway")
                served = self._comes(lambda: _is_ok(self._desk.infer(caller.token)), self._limit)
            self._require(served, f"no call is served after a restart while the {name} hangs")

    def _every_order(self, caller: Caller) -> None:
        orders = list(itertools.permutations(EDGE_PROCESSES))
        for order in self._run.random.sample(orders, min(self._run.size, len(orders))):
            for name in order:
                self._restart(name, caller)

    def _restart(self, name: str, caller: Caller) -> None:
        edge = self._world.edge
        with self._paused(caller):
            before = edge.find(name)
            began = time.monotonic()
            edge.kill(name)
            served = self._comes(lambda: self._is_served(name, before), _LATEST_SECONDS)
            if name == "instance":
                # That it failed is news which may still be on its way when it answers again: calls
                # are disturbed until the gateway has heard of its return, and no longer.
                served = served and self._comes(edge.knows_all_ready, _LATEST_SECONDS)
        seconds = round(time.monotonic() - began, 2)
        self._run.note("restart", process=name, seconds=seconds, load=psutil.getloadavg()[0])
        self._restarts.setdefault(name, []).append(seconds)
        self._require(
            served, f"{seconds} s after the {name} was killed the province does not serve"
        )
        self._run.expect(
            seconds <= self._limit, f"{seconds} s until the province served without the {name}"
        )
        caller.token = self._require_token()
        time.sleep(0.3)
        self._require_quiet(caller)

    # --- after ----------------------------------------------------------------------------------

    def _center_comes_back(self, caller: Caller) -> None:
        self._world.center.come_back(self._way)
        began = time.monotonic()
        back = self._comes(lambda: self._issuer_of(self._token()) == "urn:jiuzhou:center")
        self._require(back, "tokens do not come from the center again")
        self._run.report(back_at_center_seconds=round(time.monotonic() - began, 2))
        caller.end()
        books = self._books
        whole = self._comes(lambda: self._counted() >= books.answered)
        time.sleep(1.0)
        counted, audited = self._counted(), self._audited()
        self._run.report(answered=books.answered, unknown=books.unknown, counted=counted)
        self._require(
            whole and counted <= books.answered + books.unknown,
            f"{books.answered} calls answered, {books.unknown} unknown, {counted} counted",
        )
        self._comes(lambda: self._audited() >= books.delegated)
        audited = self._audited()
        # The issuer records before it answers: a killed agent may have recorded one more.
        self._require(
            books.delegated <= audited,
            f"{books.delegated} tokens were issued in the province, {audited} are in the trail",
        )
        self._run.report(tokens_issued_away=books.delegated, tokens_in_trail=audited)

    # --- looks ----------------------------------------------------------------------------------

    def _is_served(self, name: str, before: psutil.Process | None) -> bool:
        now = self._world.edge.find(name)
        if now is None or now == before:
            return False
        token = self._token()
        return token is not None and _is_ok(self._desk.infer(token))

    def _timed_token(self) -> float:
        began = time.monotonic()
        self._require_token()
        return time.monotonic() - began

    def _require_token(self) -> str:
        answer = self._desk.token(self._world.known)
        self._require_status(answer, _OK, "a known application's token request")
        return self._taken(answer)

    def _token(self) -> str | None:
        answer = self._desk.token(self._world.known)
        return self._taken(answer) if _is_ok(answer) else None

    def _taken(self, answer: httpx.Response | None) -> str:
        assert answer is not None
        token = str(answer.json()["access_token"])
        self._books.delegated += self._issuer_of(token) == delegated_issuer(PROVINCE)
        return token

    @staticmethod
    def _issuer_of(token: str | None) -> str:
        return "" if token is None else str(payload(token)["iss"])

    def _forge(self, changes: dict[str, Any]) -> str:
        return forge(self._world.edge.folder, self._world.known.client_id, changes)

    def _autonomy(self) -> dict[str, Any]:
        return self._desk.autonomy(self._credential)

    def _reasons(self) -> set[str]:
        return {reason["code"] for reason in self._autonomy().get("reasons", ())}

    def _is_active(self, client: str) -> bool:
        state = payload((self._world.edge.folder / "state.jws").read_text())
        return any(item["client_id"] == client and item["active"] for item in state["applications"])

    def _counted(self) -> int:
        items = self._world.admin.get("/usage", by="province")["items"]
        return sum(int(item["units"]) for item in items)

    def _audited(self) -> int:
        acts = self._world.admin.pages("/audit")
        return sum(act["act"] == "token.issued-while-away" for act in acts)

    # --- verdicts -------------------------------------------------------------------------------

    def _require(self, holds: object, otherwise: str) -> None:
        self._run.expect(bool(holds), otherwise)
        if not holds:
            raise _Broken

    def _require_status(self, answer: httpx.Response | None, status: int, what: str) -> None:
        heard = "nothing" if answer is None else f"{answer.status_code} {answer.text[:200]}"
        holds = answer is not None and answer.status_code == status
        self._require(holds, f"{what} heard {heard} instead of {status}")

    def _require_quiet(self, caller: Caller) -> None:
        """E01: while nothing of the edge itself is disturbed, no valid call fails."""
        failures = caller.failures
        self._require(
            not failures, f"{len(failures)} calls failed without the center: {failures[:3]}"
        )

    def _await(self, what: str, look: Callable[[], object]) -> None:
        if not self._comes(look):
            raise Void(f"{what} did not come: {self._autonomy()}")

    @staticmethod
    def _comes(look: Callable[[], object], seconds: float = _WAIT_SECONDS) -> bool:
        deadline = time.monotonic() + seconds
        while not look():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    @contextmanager
    def _paused(self, caller: Caller) -> Iterator[None]:
        caller.is_paused = True
        time.sleep(0.05)
        yield
        caller.is_paused = False

    def _report(self, caller: Caller) -> None:
        if not self._run.findings.violations and caller.calls < _LEAST_CALLS:
            raise Void(f"only {caller.calls} calls were made")
        figures = {
            name: {"median": statistics.median(found), "max": max(found), "times": len(found)}
            for name, found in self._restarts.items()
        }
        every = sorted(itertools.chain.from_iterable(self._restarts.values()))
        self._run.report(
            restart_seconds=figures,
            restart_seconds_median=statistics.median(every) if every else None,
            restart_seconds_max=every[-1] if every else None,
            calls=caller.calls,
            bar_seconds=self._limit,
            load=psutil.getloadavg(),
        )


@contextmanager
def _stopped(process: psutil.Process | None) -> Iterator[None]:
    assert process is not None
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def _is_ok(answer: httpx.Response | None) -> bool:
    return answer is not None and answer.status_code == _OK


CAMPAIGN = Campaign(
    name="center-away",
    unit="orders of restarts",
    small=_SMALL,
    large=_LARGE,
    planted=PLANTED,
    play=play,
)
