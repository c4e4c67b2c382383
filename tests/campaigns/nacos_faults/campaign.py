"""A Nacos server freezes, dies, comes back emptied, flaps and lies, under calls (E06, E07, E08).

Whatever it does: no call of a healthy instance fails, no healthy node is lost, nothing is placed
anew, nothing is ever bound to a node that is not there; and soon after it is back it is caught up with.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from capability_sdk.directory.nacos.client import Host
from capability_sdk.directory.nacos.envelope import enclose
from capability_sdk.directory.nodes import node_entry
from capability_sdk.directory.ports import Entry
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.campaigns.nacos_faults.world import (
    OWN,
    PEER,
    PEER_ENTRY,
    World,
    peer_metadata,
    running_world,
)
from tests.campaigns.weight_swaps.load import OpenLoad
from tests.integration.nacos_world import NODES, names
from tests.integration.serving_process import CAPABILITY
from tests.waiting import eventually

_SMALL, _LARGE = 4, 40
_RATE = 50.0
_OK = 200
_FLAPS = 10
_FLAP_SECONDS = 0.6
"""A hundred a minute."""
_GONE_SECONDS = 3.0
"""Long enough that the scheduler, which asks once a second, hears of it for sure."""
_SOON_SECONDS = 5.0
_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_ABSENT = "transformer"
"""A family that no healthy node has."""
_WANTED = "wanted-of-liars"
"""A capability of that family."""


@dataclass
class _Faults:
    """One run: the acts that a seed draws from, and how long the province took after each return."""

    run: Run
    world: World
    caught_up_seconds: list[float] = field(default_factory=list)

    def play(self) -> None:
        acts: list[Callable[[], None]] = [self._freeze, self._restart, self._lie, self._flap]
        for number in range(self.run.size):
            if number % len(acts) == 0:
                self.run.random.shuffle(acts)  # each of them as often as the others
            act = acts[number % len(acts)]
            self.run.note("act", what=act.__name__)
            act()
            if self.run.findings.violations:
                return  # what comes after it says little

    def _freeze(self) -> None:
        self.world.nacos.freeze()
        eventually(lambda: self.world.directory()["detail"])
        time.sleep(self.run.random.uniform(0, 3))
        self.world.nacos.thaw()
        self._catch_up()

    def _restart(self) -> None:
        """Kill it; what starts is empty, as after a lost disk."""
        self.world.nacos.kill()
        eventually(lambda: self.world.directory()["detail"])
        self.world.nacos.empty()
        self.world.nacos.start()
        self._catch_up()

    def _catch_up(self) -> None:
        """Wait until an onlooker who knows nothing finds both nodes there, and the scheduler is answered."""
        began = time.monotonic()
        onlooker = self.world.meeting.directory()
        self._expect_soon(
            lambda: self.world.do(names(onlooker)) == [OWN, PEER], "both nodes are registered again"
        )
        self._expect_soon(lambda: not self.world.directory()["detail"], "the scheduler is answered")
        self.caught_up_seconds.append(time.monotonic() - began)
        self.world.do(onlooker.close())

    def _lie(self) -> None:
        """Let strangers, other tenants and a mad program of our own register what nobody has."""
        world = self.world
        tenant = world.meeting.directory(key=secrets.token_bytes(32))
        mad = world.meeting.directory()
        stranger = world.do(world.meeting.stranger())
        lure = peer_metadata(node="lure", families=[_ABSENT], cpu_millicores=4_000_000)
        world.do(tenant.register(node_entry(lure, "10.66.0.1:80")))
        for entry in _absurd():
            world.do(mad.register(entry))
        world.do(stranger.publish(NODES, _forged(world.meeting.key)))
        refused, rejected = len(_forged(b"")) + 1, len(_absurd())
        self._expect_soon(
            lambda: len(world.directory()["refused_entries"]) == refused, "forgeries are refused"
        )
        self._expect_soon(
            lambda: len(world.directory()["rejected_nodes"]) == rejected,
            "absurd nodes are rejected",
        )
        self._ask_for_what_only_liars_have()
        for directory in (tenant, mad):
            world.do(directory.close())
        world.do(stranger.close())
        self._expect_soon(lambda: not world.directory()["refused_entries"], "liars are forgotten")

    def _expect_soon(self, look: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while not (is_so := look()) and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        self.run.expect(is_so, f"did not come: {what}")

    def _ask_for_what_only_liars_have(self) -> None:
        world = self.world
        changes = {"algorithm_family": _ABSENT, "name": _WANTED}
        manifest = world.deployment["manifest"] | changes
        other = {"capability": _WANTED, "manifest": manifest, "code_digest": "sha256:" + "9" * 64}
        world.scheduler.put(world.deployment, world.deployment | other).raise_for_status()
        eventually(lambda: world.scheduler.decisions()[0]["capability"] == _WANTED, 30)
        time.sleep(1.0)
        instances = world.scheduler.instances()
        bound = [item["node"] for item in instances if item["capability"] == _WANTED]
        self.run.expect(not bound, f"bound to a node that lacks the algorithm: {bound}")
        world.scheduler.put(world.deployment).raise_for_status()

    def _flap(self) -> None:
        """Let the second node come and go a hundred times a minute, while it reports as ever."""
        peer = self.world.peer
        for _ in range(_FLAPS):
            self.world.do(peer.deregister(NODES, PEER))
            time.sleep(_FLAP_SECONDS / 2)
            self.world.do(peer.register(PEER_ENTRY))
            time.sleep(_FLAP_SECONDS / 2)
        self.world.do(peer.deregister(NODES, PEER))
        time.sleep(_GONE_SECONDS)
        self.world.do(peer.register(PEER_ENTRY))


def _absurd() -> list[Entry]:
    """Entries that bear the seal and cannot be true."""
    good = '{"schema":1,"node":"%s","epoch":1,"families":["%s"],"engines":["onnx"],%s}'
    members = {
        "mad-gpus": '"cpu_millicores":1000,"memory_mib":64,"gpu_milli":1000000000',
        "mad-load": '"cpu_millicores":-5,"memory_mib":64',
        "mad-memory": '"cpu_millicores":1000,"memory_mib":9e99',
    }
    scripts = Entry(NODES, "mad-script", "", {"node": "<script>alert(1)</script>"})
    return [
        scripts,
        *(Entry(NODES, n, "", {"node": good % (n, _ABSENT, m)}) for n, m in members.items()),
    ]


def _forged(key: bytes) -> list[Host]:
    """Registrations of one who has no key: without a seal, or with one that was seen elsewhere."""
    own = node_entry(peer_metadata(node=OWN, epoch=2**40, families=[_ABSENT]), "10.66.0.2:80")
    stolen = enclose(node_entry(peer_metadata(node=OWN)), key)
    forged = enclose(own, b"guessed")
    return [
        Host("10.66.0.2", 80, "a", dict(own.metadata)),
        Host("10.66.0.3", 80, "b", forged),
        Host("10.66.0.4", 80, "c", stolen | dict(own.metadata)),
        Host("10.66.0.5", 80, "d", {"node": "'; DROP TABLE nodes; --", "load": "-1"}),
    ]


def play(run: Run) -> None:
    """Do ``run.size`` acts under an open load."""
    with running_world() as world:
        faults = _Faults(run, world)
        eventually(lambda: world.reporting() == {OWN, PEER}, 60)
        decided, pids = world.decided(), world.scheduler.pids()
        token = world.province.token(scope=f"infer:{CAPABILITY}")
        path = f"/v2/models/{CAPABILITY}/infer"
        with OpenLoad(world.gateway.url, path, token, _RATE) as load:
            faults.play()
        run.expect(world.decided() == decided, "something was placed anew")
        run.expect(world.scheduler.pids() == pids, "the process of the instance was replaced")
    run.expect(not world.lost, f"healthy nodes were lost: {sorted(world.lost)}")
    run.expect(not world.strange, f"nodes were counted on that never were: {sorted(world.strange)}")
    failed = Counter((a.status, a.text[:200]) for a in load.answers if a.status != _OK)
    for (status, text), count in failed.items():
        run.expect(False, f"{count} calls failed: {status} {text}")
    if not load.answers or not world.watches:
        raise Void("no call was made, or nobody watched")
    run.report(acts=run.size, calls=len(load.answers), failed=sum(failed.values()))
    run.report(watches=world.watches)
    _time(run, faults.caught_up_seconds)


def _time(run: Run, seconds: list[float]) -> None:
    if not seconds:
        return
    run.report(returns=len(seconds), slowest_catch_up_seconds=round(max(seconds), 2))
    if run.size > _SMALL:
        late = [round(took, 2) for took in seconds if took > _SOON_SECONDS]
        run.expect(not late, f"caught up later than {_SOON_SECONDS} s after the return: {late}")


_NODES = "scheduler/nodes.py"
_DIRECTORY = "capability_sdk/directory/nacos/directory.py"

PLANTED = (
    PlantedBug(
        "seals-are-not-looked-at",
        "capability_sdk/directory/nacos/envelope.py",
        'if not hmac.compare_digest(_seal(entry, key), members.get("seal", "")):',
        'if not members.get("seal"):',
        shows_by_waiting=True,
    ),
    PlantedBug(
        "what-the-directory-lists-is-all-there-is",
        _NODES,
        "            if is_later and self._is_reporting(name):\n",
        "            if not name:\n",
        shows_by_waiting=True,
    ),
    PlantedBug(
        "a-new-connection-publishes-nothing",
        _DIRECTORY,
        "        if self._published.get(service, []) != wanted:\n",
        "        if service not in self._published and self._answered_at is None:\n",
        shows_by_waiting=True,
    ),
)

CAMPAIGN = Campaign(
    name="nacos-faults", unit="acts", small=_SMALL, large=_LARGE, planted=PLANTED, play=play
)
