"""A center comes back from an old backup, and the provinces fill it up again (E20).

A backup is taken under traffic. Afterwards much happens that it does not hold: more calls, an
application, keys, a gateway that died with a torn record. The center is killed and restored; from
the provinces' own segments it must know every call again, exactly once.
"""

import json
import shutil
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.campaigns.center_restore.world import LiveCenter
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.campaigns.live_edge import LiveEdge, running_edge
from tests.waiting import eventually

_STALL_SECONDS = 10.0
"""Without any progress."""
_COUNTED_SECONDS = 60.0
"""For all calls to be counted, while nothing is wrong."""
_LONGEST_DELAY = "PT2S"
"""Longest pause of an agent between two attempts; shipped are 15 s, within which a restored center is noticed."""

_CHANGE_SECONDS = 15.0
"""For a change to reach a province; generous, since the bar of 2 s is another campaign's."""


class Province:
    """One province with the applications that call it."""

    def __init__(
        self, name: str, center: LiveCenter, edge: LiveEdge, known: tuple[str, str]
    ) -> None:
        self.name = name
        self.center = center
        self.edge = edge
        self.known = known
        self.later: tuple[str, str] = ("", "")
        """An application that the backup does not hold."""
        self._tokens: dict[str, str] = {}

    def call(self, times: int, application: tuple[str, str] | None = None) -> None:
        """Make calls that must be answered, with new tokens where the old ones are void."""
        client_id, secret = application or self.known
        done = 0
        deadline = time.monotonic() + 20
        while done < times:
            if time.monotonic() > deadline:
                raise Void(f"calls are not answered: {self.edge.refused[-1].text}")
            if client_id not in self._tokens and not self._renew(client_id, secret):
                continue
            if self.edge.call(self._tokens[client_id]).is_success:
                done += 1
            else:
                self._tokens.pop(client_id)
                time.sleep(0.05)

    def call_with_new_token(self) -> None:
        """Make a call with a token of the newest key, so that the keys are known to have come."""
        self._tokens.clear()
        self.call(1)

    def may_call(self) -> bool:
        """Tell whether the known application's present token is still good for a call."""
        return self.edge.call(self._tokens[self.known[0]]).status_code != httpx.codes.FORBIDDEN

    def _renew(self, client_id: str, secret: str) -> bool:
        answer = self.edge.ask_token(client_id, secret)
        if not answer.is_success:
            self.edge.refused.append(answer)
            time.sleep(0.1)
            return False
        self._tokens[client_id] = answer.json()["access_token"]
        return True

    def spooled(self) -> list[tuple[str, str]]:
        """Read what the gateway wrote down: request id and application."""
        found = [json.loads(payload) for payload in self.edge.spooled().values()]
        return [(item["request_id"], item["application"]) for item in found]

    def calls_of(self, application: str) -> int:
        return sum(name == application for _, name in self.spooled())

    def state_revision(self) -> int:
        revision: int = self.edge.agent.status()["state_revision"]
        return revision


def play(run: Run) -> None:
    with ExitStack() as stack:
        # Sockets have short names only; a campaign's own folder may lie deep.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jz-")))
        stack.callback(_keep_logs, folder, run.folder)
        center = LiveCenter(folder)
        stack.callback(center.close)
        center.start()
        names = ["zhejiang"] if run.size <= CAMPAIGN.small else ["zhejiang", "guizhou"]
        provinces = [_join(stack, center, name) for name in names]
        _play(run, center, provinces, folder / "backup")


def _join(stack: ExitStack, center: LiveCenter, name: str) -> Province:
    folder = center.add_province(name)
    known = center.add_application(f"bank-{name}", name)
    (folder / "logs").mkdir(exist_ok=True)
    edge = stack.enter_context(
        running_edge(folder, center.folder / f"p-{name}", longest_delay=_LONGEST_DELAY)
    )
    eventually((folder / "state.jws").exists)
    return Province(name, center, edge, known)


def _play(run: Run, center: LiveCenter, provinces: list[Province], backup: Path) -> None:
    share = max(4, run.size // (5 * len(provinces)))
    _before_the_backup(run, center, provinces, share)
    center.administer("backup", str(backup), "--data", str(center.data))
    _after_the_backup(run, center, provinces, share)
    if run.findings.violations:
        return
    center.kill()
    run.note("killed")
    for province in provinces:
        province.call(share)  # nobody notices that the center is gone
    held = {province.name: province.edge.spooled() for province in provinces}
    revisions = {province.name: province.state_revision() for province in provinces}
    center.restore(backup)
    center.start()
    began = time.monotonic()
    run.note("restored")
    for province in provinces:
        province.call(share)
    _await_refill(center, provinces)
    run.report(refill_seconds=round(time.monotonic() - began, 1), calls=_answered(provinces))
    _judge_books(run, center, provinces)
    _judge_numbers(run, provinces, held)
    if not run.findings.violations:
        _judge_steering(run, center, provinces, revisions)


def _has_all(center: LiveCenter, province: Province) -> bool:
    names = {province.known[0], province.later[0]} - {""}
    return all(center.calls(name) == province.calls_of(name) for name in names)


def _answered(provinces: list[Province]) -> int:
    return sum(len(province.edge.answered) for province in provinces)


def _before_the_backup(run: Run, center: LiveCenter, provinces: list[Province], share: int) -> None:
    for province in provinces:
        province.call(share)
        _expect_all(run, center, province)
    run.note("before the backup", calls=_answered(provinces))


def _after_the_backup(run: Run, center: LiveCenter, provinces: list[Province], share: int) -> None:
    for province in provinces:
        province.call(share)
        _tear_gateway(run, province.edge)
        province.later = center.add_application(f"later-{province.name}", province.name)
        province.call(max(2, share // 4), province.later)
        province.call(share)
    for _ in range(2):
        center.post("/token-keys:rotate", {"leaked": True})
    for province in provinces:
        _expect_all(run, center, province)
        province.call_with_new_token()
    run.note("after the backup", calls=_answered(provinces))


def _tear_gateway(run: Run, edge: LiveEdge) -> None:
    """Kill the gateway in mid-write, so that it goes on in a new epoch."""
    edge.gateway.kill()
    newest = max((edge.folder / "spool" / "usage-0").glob("*.segment"))
    with newest.open("ab") as file:
        file.write(run.random.randbytes(run.random.randint(1, 200)))
    edge.gateway.start()
    if max((edge.folder / "spool" / "usage-0").glob("*.segment")).name[:20] == newest.name[:20]:
        raise Void("the torn gateway began no new epoch")


def _expect_all(run: Run, center: LiveCenter, province: Province) -> None:
    """Wait until the center has counted a province's calls."""
    deadline = time.monotonic() + _COUNTED_SECONDS
    while not (has_all := _has_all(center, province)) and time.monotonic() < deadline:
        time.sleep(0.1)
    run.expect(has_all, f"{province.name}: calls are not counted though nothing was lost yet")


def _await_refill(center: LiveCenter, provinces: list[Province]) -> None:
    """Wait as long as the center's books still grow."""
    wanted = sum(len(province.spooled()) for province in provinces)
    seen, moved = -1, time.monotonic()
    while time.monotonic() - moved < _STALL_SECONDS:
        held = len(center.counted()) + sum(center.uncounted(p.name) for p in provinces)
        if held >= wanted:
            return
        if held != seen:
            seen, moved = held, time.monotonic()
        time.sleep(0.1)


def _judge_books(run: Run, center: LiveCenter, provinces: list[Province]) -> None:
    for province in provinces:
        name, (client, _) = province.name, province.known
        later = province.calls_of(province.later[0])
        kept = center.uncounted(name)
        run.expect(kept == later, f"{name}: {kept} kept uncounted, {later} of a lost application")
        known = province.calls_of(client)
        total = center.calls(client)
        run.expect(total == known, f"{name}: totals say {total}, the segments {known}")
        center.post(f"/provinces/{name}/uncounted-telemetry:count")
        total = center.calls(province.later[0])
        run.expect(total == later, f"{name}: {total} of {later} counted on an admin's word")
        spooled = Counter(request for request, _ in province.spooled())
        missing = set(province.edge.answered) - set(spooled)
        run.expect(not missing, f"{name}: {len(missing)} answered calls are in no segment")
    counted = Counter(center.counted())
    written = Counter(pair for province in provinces for pair in province.spooled())
    run.expect(counted == written, f"single calls differ: {_differences(counted, written)}")
    run.report(uncounted_then_counted=sum(p.calls_of(p.later[0]) for p in provinces))


def _differences(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> str:
    return f"{(one - other).total()} too many, {(other - one).total()} missing"


def _judge_numbers(
    run: Run, provinces: list[Province], held: dict[str, dict[tuple[int, int], bytes]]
) -> None:
    for province in provinces:
        now, before = province.edge.spooled(), held[province.name]
        reused = [place for place, payload in before.items() if now.get(place) != payload]
        run.expect(not reused, f"{province.name}: numbers stand for other records: {reused[:3]}")
        for epoch in {epoch for epoch, _ in now}:
            numbers = sorted(seq for e, seq in now if e == epoch)
            run.expect(numbers == list(range(1, len(numbers) + 1)), f"epoch {epoch} has gaps")


def _judge_steering(
    run: Run, center: LiveCenter, provinces: list[Province], before: dict[str, int]
) -> None:
    for province in provinces:
        name, (client, _) = province.name, province.known
        try:
            province.call_with_new_token()
        except Void as void:
            run.expect(False, f"{name}: the restored center's keys never arrive: {void}")
            continue
        center.post(f"/applications/{client}:suspend")
        began = time.monotonic()
        gone = _await_refusal(province)
        run.expect(gone, f"{name}: a suspension at the restored center never arrives")
        run.report(suspension_seconds=round(time.monotonic() - began, 2))
        revision = province.state_revision()
        run.expect(revision > before[name], f"{name}: revision {before[name]} -> {revision}")
        refusal = province.edge.agent.status()["center_trouble"]
        run.expect(refusal is None, f"{name}: the agent has trouble with the center: {refusal}")
    acts = center.acts()
    for act in ("center.restored", "desired-state.raised", "telemetry.uncounted"):
        run.expect(act in acts, f"{act} is not in the audit trail")


def _await_refusal(province: Province) -> bool:
    deadline = time.monotonic() + _CHANGE_SECONDS
    while time.monotonic() < deadline:
        if not province.may_call():
            return True
        time.sleep(0.1)
    return False


def _keep_logs(folder: Path, target: Path) -> None:
    for log in folder.rglob("*.log"):
        place = target / "logs" / log.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, place)


CAMPAIGN = Campaign(
    name="center-restore",
    unit="calls",
    small=40,
    large=5000,
    planted=(
        PlantedBug(
            "the-agent-ignores-applied-through",
            "edge_gateway/agent/shipping.py",
            "await asyncio.to_thread(self._marks.put, batch.place, applied)",
            "await asyncio.to_thread(self._marks.put, batch.place, max(applied, batch.after))",
        ),
        PlantedBug(
            "what-is-acknowledged-is-deleted-at-once",
            "edge_gateway/agent/shipping.py",
            "await asyncio.to_thread(self._marks.put, batch.place, applied)",
            "await asyncio.to_thread(self._marks.put, batch.place, applied)\n"
            "        retire(self._spool / batch.place[0], batch.place[1], applied, keep=timedelta(0))",
        ),
        PlantedBug(
            "what-the-center-does-not-know-is-refused",
            "center/operations/checks.py",
            "            unknown.append((record, why))\n            continue",
            '            raise TelemetryRefused(f"Record {record.seq}: {why}.", seq=record.seq)',
        ),
        PlantedBug(
            "the-restored-centers-revision-stays-behind",
            "center/instance/desired.py",
            "content.issue(max(known, has.revision) + 1, now, self._signer)",
            "content.issue(known + 1, now, self._signer)",
            shows_by_waiting=True,
        ),
        PlantedBug(
            "the-restored-centers-key-set-stays-behind",
            "center/instance/desired.py",
            "            if behind >= 0:",
            "            if behind > 1000:",
            shows_by_waiting=True,
        ),
        PlantedBug(
            "streams-are-told-apart-without-their-epoch",
            "center/operations/ingest.py",
            "    intake = IntakeStore(session)\n",
            "    intake, batch = IntakeStore(session), Batch(batch.stream, 1, batch.records)\n",
        ),
        PlantedBug(
            "the-backup-leaves-out-the-write-ahead-log",
            "center/backup.py",
            "        live.backup(copy)\n",
            "        shutil.copyfile(source, target)\n",
        ),
    ),
    play=play,
)
