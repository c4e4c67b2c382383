"""Disks go bad under a running province (M07, M09): full, damaged at every place, read-only.

Real processes on real file systems. By the declared policy no call is served that cannot be
recorded, what is damaged is set aside and named, and everything goes on by itself afterwards.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from capability_sdk.contracts.state import DeploymentState, VersionShare
from tests.campaigns.bad_disk.disks import ENDS, PLACES, FailingDisk, fill, mutate, small_disk
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.campaigns.live_edge import LiveEdge, running_edge
from tests.integration.agent_world import (
    APPLICATION,
    CAPABILITY,
    StandInCenter,
    enrol_province,
)
from tests.waiting import eventually

_PATIENCE_SECONDS = 12.0
_MEBIBYTE = 1 << 20
_DIGEST = "sha256:" + "a" * 64


class Center(StandInCenter):
    """A center that also hears of lost records."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.lost: dict[tuple[str, int, int], int] = {}
        share = VersionShare(
            version="1.0.0",
            weight=1,
            package_digest=_DIGEST,
            code_digest=_DIGEST,
            weights_digest=_DIGEST,
            release="no release",
        )
        deployment = DeploymentState(capability=CAPABILITY, versions=[share])
        (subscription,) = self.state["subscriptions"]
        subscription |= {"daily_quota": 10**9, "rate_per_second": 1e6}
        self.change(deployments=[deployment.model_dump(mode="json")])

    async def _telemetry(self, request: Request) -> Response:
        # Overrides what the stand-in answers for a batch that names lost records.
        batch = json.loads(await self._keep(request))
        lost = batch.get("lost")
        if lost is None or not self._knows(request):
            return await super()._telemetry(request)
        key = (batch["stream"], batch["epoch"])
        if lost["first"] <= self.applied.get(key, 0) + 1:
            self.lost[(*key, lost["first"])] = lost["last"]
            self.applied[key] = max(self.applied.get(key, 0), lost["last"])
        return JSONResponse({"applied_through": self.applied.get(key, 0)})

    def heard(self) -> set[str]:
        """Request ids of the calls that have arrived."""
        return {body["request_id"] for body in self.bodies("usage")}


@contextmanager
def _province(folder: Path, disk: Path, *options: str) -> Iterator[tuple[Center, LiveEdge, str]]:
    center = Center()
    center.start()
    try:
        province = enrol_province(center, disk / "p")
        with running_edge(province, folder / f"peers-{disk.name}", *options) as edge:
            eventually((province / "state.jws").exists)
            eventually(lambda: edge.http.get("/health/ready").is_success)
            token = edge.ask_token(APPLICATION, center.secret).json()["access_token"]
            yield center, edge, token
    finally:
        center.stop()


def play(run: Run) -> None:
    with ExitStack() as stack:
        # Sockets have short names only; a campaign's own folder may lie deep.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jz-")))
        disk = stack.enter_context(small_disk(folder / "small", "24m"))
        with _province(folder, disk) as (center, edge, token):
            _play_full(run, center, edge, token, disk / "filler")
            if not run.findings.violations:
                _play_damage(run, center, edge, token)
        if run.findings.violations:
            return
        failing = FailingDisk(folder / "failing", 64 * _MEBIBYTE)
        stack.callback(failing.close)
        with _province(folder, failing.folder) as (center, edge, token):
            _play_read_only(run, center, edge, token, failing)


def _calls(run: Run, edge: LiveEdge, token: str, share: int) -> None:
    for _ in range(max(6, run.size // share)):
        edge.call(token)


def _holds(holds: Callable[[], Any], seconds: float = _PATIENCE_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def doctor(edge: LiveEdge) -> dict[str, tuple[bool, str]]:
    """Run ``jiuzhou doctor``: what it says, by the name of the check."""
    done = subprocess.run(
        [sys.executable, "-m", "capability_sdk.cli", "doctor", "--data", edge.folder, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if not done.stdout.startswith("["):
        raise Void(f"doctor: {done.stderr[-1000:]}")
    return {row["name"]: (row["passed"], row["detail"]) for row in json.loads(done.stdout)}


def _expect_named(run: Run, edge: LiveEdge, when: str, *words: tuple[str, str]) -> None:
    found = doctor(edge)
    for name, word in words:
        passed, detail = found.get(name, (True, "nothing"))
        told = not passed and word in detail
        run.expect(told, f"{when}: doctor says of {name}: {detail!r}, and not {word!r}")


def _feedback(edge: LiveEdge, token: str) -> httpx.Response:
    body = {"items": [{"request_id": edge.answered[-1], "truth": "4"}]}
    return edge.http.post("/v1/feedback", json=body, headers={"authorization": f"Bearer {token}"})


# --- full ---------------------------------------------------------------------------------------


def _play_full(run: Run, center: Center, edge: LiveEdge, token: str, filler: Path) -> None:
    _calls(run, edge, token, 4)
    run.expect(_feedback(edge, token).status_code == 202, "feedback is refused on a good disk")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not edge.refused:
        if time.monotonic() > deadline:
            run.expect(False, "full: calls are answered on a disk that is full")
            break
        fill(filler)
        edge.call(token)
    run.note("full", answered=len(edge.answered))
    _judge_refusals(run, edge, token)
    center.change()
    told = _holds(lambda: "state.jws cannot be written: No space" in str(edge.agent.status()))
    run.expect(told, f"full: the agent says of the disk: {edge.agent.status()['disk']}")
    words = ("No space left", "disk is full", "state.jws cannot be written: No space")
    _expect_named(run, edge, "full", *zip(("disk", "gateway", "agent"), words, strict=True))
    filler.unlink()
    began = time.monotonic()
    back = _holds(lambda: edge.http.get("/health/ready").is_success)
    run.expect(back, "full: the gateway does not serve again when there is space")
    run.report(serves_again_seconds=round(time.monotonic() - began, 2))
    _calls(run, edge, token, 4)
    run.expect(_holds(lambda: not edge.agent.status()["disk"]), "full: the agent stays in trouble")
    revision = center.state["revision"]
    came = _holds(lambda: edge.http.get("/health/ready").json()["state_revision"] == revision)
    run.expect(came, "full: the newer state never comes into force")
    _judge_books(run, center, edge, "full")


def _judge_refusals(run: Run, edge: LiveEdge, token: str) -> None:
    for _ in range(3):
        edge.call(token)
    for answer in edge.refused:
        told = answer.json()
        is_policy = (answer.status_code, told["type"]) == (503, "/problems/not-metered")
        run.expect(is_policy, f"full: {answer.status_code} {told['type']}")
        run.expect("disk is full" in told["detail"], f"full: a caller hears {told['detail']!r}")
    for path in ("/health/ready",):
        answer = edge.http.get(path)
        named = answer.status_code == 503 and "disk is full" in answer.text
        run.expect(named, f"full: {path} says {answer.text}")
    edge.refused.clear()


def _judge_books(run: Run, center: Center, edge: LiveEdge, when: str) -> None:
    """Every answered call is in the segments once, and arrives at the center, or is named."""
    spooled = {place: json.loads(text)["request_id"] for place, text in edge.spooled().items()}
    ids = list(spooled.values())
    run.expect(len(ids) == len(set(ids)), f"{when}: a call stands twice in the segments")
    heard = -1
    while len(center.heard()) > heard and set(ids) - center.heard():
        heard = len(center.heard())
        _holds(partial(_has_heard_more, center, heard))
    missing = len(set(ids) - center.heard())
    run.expect(not missing, f"{when}: {missing} calls of the segments never arrive")


def _has_heard_more(center: Center, than: int) -> bool:
    return len(center.heard()) > than


# --- damaged ------------------------------------------------------------------------------------


def _play_damage(run: Run, center: Center, edge: LiveEdge, token: str) -> None:
    before = set(edge.answered) - center.heard()
    run.expect(not before, f"full: {len(before)} answered calls are lost in silence")
    rounds = PLACES if run.size > CAMPAIGN.small else _few_places(run)
    spool = edge.folder / "spool" / "usage-0"
    for place in rounds:
        center.stop()
        _calls(run, edge, token, 8)
        places = {json.loads(text)["request_id"]: at for at, text in edge.spooled().items()}
        edge.gateway.stop()
        done = mutate(max(spool.glob("*.segment")), place, run.random)
        run.note("damaged", what=done)
        edge.gateway.start()
        _holds(lambda: edge.http.get("/health/ready").is_success)
        center.start()
        _calls(run, edge, token, 8)
        _judge_books(run, center, edge, done)
        _judge_losses(run, edge, center, places, done)
        if run.findings.violations:
            return
    lost = sum(_reports(spool).values())
    run.expect(lost > 0, "damage: nothing is in quarantine")
    _expect_named(run, edge, "damage", ("spool/usage-0", "in quarantine"))
    _play_damage_while_running(run, center, edge, token)
    run.report(answered=len(edge.answered), named_as_lost=sum(_reports(spool).values()))


def _few_places(run: Run) -> list[str]:
    """Choose an end that is lost, which the writer alone can know of, and a place before it.

    Readers find and name what is damaged before whole records by themselves.
    """
    places = [place for place in PLACES[1:] if place not in ENDS]
    return [run.random.choice(ENDS), run.random.choice(places)]


def _reports(spool: Path) -> dict[tuple[int, int, int], int]:
    """Read what is in quarantine: how many records, by epoch, first and last number."""
    found = {}
    for report in (spool / "quarantine").glob("*.json"):
        told = json.loads(report.read_text())
        found[told["epoch"], told["first"], told["last"]] = told["records"]
    return found


def _judge_losses(
    run: Run, edge: LiveEdge, center: Center, places: dict[str, tuple[int, int]], done: str
) -> None:
    """What did not arrive is named, by exactly its numbers; what is named did not arrive."""
    named = _reports(edge.folder / "spool" / "usage-0")
    missing = [places[name] for name in edge.answered if name in places.keys() - center.heard()]
    for epoch, seq in missing:
        is_named = any(e == epoch and a <= seq <= b for e, a, b in named)
        run.expect(is_named, f"{done}: record {seq} of {epoch} is lost in silence")


def _play_damage_while_running(run: Run, center: Center, edge: LiveEdge, token: str) -> None:
    """Flip a bit under the running gateway: the agent finds it, names it, and goes on behind."""
    center.stop()
    _calls(run, edge, token, 8)
    done = mutate(max((edge.folder / "spool" / "usage-0").glob("*.segment")), "payload", run.random)
    run.note("damaged", what=f"{done}, while running")
    _calls(run, edge, token, 8)
    center.start()
    last = edge.answered[-1]
    run.expect(_holds(lambda: last in center.heard()), "damage: what is behind it never arrives")
    lost = {key: last for key, last in center.lost.items() if key[0] == "usage-0"}
    run.expect(bool(lost), "damage: the center does not hear which records are lost")
    missing = set(edge.answered) - center.heard()
    named = sum(_reports(edge.folder / "spool" / "usage-0").values())
    run.expect(len(missing) <= named, f"damage: {len(missing)} calls lost, {named} named")


# --- read-only ----------------------------------------------------------------------------------


def _play_read_only(
    run: Run, center: Center, edge: LiveEdge, token: str, disk: FailingDisk
) -> None:
    _calls(run, edge, token, 4)
    time.sleep(0.5)  # ten times what a cut may cost, in the mode that is shipped
    disk.fail()
    run.note("read-only", answered=len(edge.answered))
    refused = _holds(lambda: not edge.call(token).is_success, 5)
    run.expect(refused, "read-only: calls are answered that no disk holds")
    for _ in range(3):
        edge.call(token)
    for answer in edge.refused[1:]:
        named = answer.status_code == 503 and "Read-only file system" in answer.text
        run.expect(named, f"read-only: a caller hears {answer.status_code} {answer.text}")
    _expect_named(
        run,
        edge,
        "read-only",
        ("disk", "Read-only file system"),
        ("gateway", "Read-only file system"),
    )
    edge.gateway.stop()
    edge.agent.stop()
    disk.mend()
    edge.agent.start()
    edge.gateway.start()
    back = _holds(lambda: edge.http.get("/health/ready").is_success)
    run.expect(back, "read-only: the gateway does not serve on the mended disk")
    _calls(run, edge, token, 4)
    missing = set(edge.answered) - {json.loads(t)["request_id"] for t in edge.spooled().values()}
    run.expect(not missing, f"read-only: {len(missing)} answered calls are in no segment")
    _judge_books(run, center, edge, "read-only")


CAMPAIGN = Campaign(
    name="bad-disk",
    unit="calls",
    small=40,
    large=4000,
    planted=(
        PlantedBug(
            "a-failed-write-is-swallowed",
            "capability_sdk/spool/writer.py",
            "            raise SpoolUnwritable(\n"
            '                f"{self._folder.name} cannot be written: {error.strerror}."\n'
            "            ) from error\n",
            "            return\n",
        ),
        PlantedBug(
            "the-ballast-is-empty",
            "capability_sdk/spool/ballast.py",
            "        self._size = size\n",
            "        self._size = 0\n",
        ),
        PlantedBug(
            "damage-is-set-aside-unnamed",
            "capability_sdk/spool/recovery.py",
            '    damage = [quarantine(folder, newest, gap, "unreadable") for gap in gaps]\n',
            "    damage: list[Damage] = []\n",
        ),
        PlantedBug(
            "the-shipper-waits-for-damaged-records",
            "edge_gateway/agent/shipping.py",
            "            return self._give_up(place, mark or 0, damage)\n",
            "            raise damage\n",
        ),
        PlantedBug(
            "the-gateway-never-looks-again",
            "edge_gateway/gateway/metering.py",
            "        if self._probing is None:\n"
            "            self._probing = self._loop.call_later(_PROBE_SECONDS, self._probe)\n",
            "",
        ),
        PlantedBug(
            "the-doctor-tries-no-write",
            "capability_sdk/cli/province_checks.py",
            "    trouble = _refuses(data)\n",
            "    trouble = None\n",
        ),
    ),
    play=play,
)
