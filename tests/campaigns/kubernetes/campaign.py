"""Deploy, scale, split, swap, roll back and delete in a real cluster that fails and that others meddle with.

After each act the cluster must become what is desired, and at the end nothing is left behind but what
was never ours. Between asking and looking, at random: the API server is killed or stopped, before the
question or in the middle of what it sets off; the scheduler is killed; a stranger edits or deletes our
objects. What CI does of it is `tests/integration/test_kubernetes_restarts.py`.
"""

import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.integration.kubernetes_world import KubernetesProvince, name_of, running_province
from tests.integration.scheduler_world import deployment, package
from tests.servers.kubernetes.controlplane import API_SERVER, ControlPlane, running_control_plane
from tests.servers.kubernetes.program import program
from tests.waiting import eventually

_SMALL, _LARGE = 7, 120
_CODES = ("sha256:" + "0" * 64, "sha256:" + "1" * 64)
_VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0")
_MOST_REPLICAS = 3
_AGREE_SECONDS = 40.0
_MEDDLED = ("deployments", "configmaps", "secrets", "services", "horizontalpodautoscalers", "pods")
_MERGE = {"content-type": "application/merge-patch+json"}
_TROUBLES = ("none", "edit", "delete", "dies-before", "dies-amid", "stops-amid", "scheduler-dies")


@dataclass
class _Acts:
    """One run of acts."""

    run: Run
    province: KubernetesProvince
    desired: list[dict[str, Any]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def play(self) -> None:
        stranger = {"metadata": {"name": "stranger"}, "data": {"kept": "yes"}}
        self.province.plane.create(self.province.path("configmaps"), stranger)
        for number in range(self.run.size):
            # Each trouble comes first in turn, so that a small run has met them all.
            self._act(_TROUBLES[number] if number < len(_TROUBLES) else self._any(_TROUBLES))
        self.desired = []
        self.province.scheduler.put(stop_all=True)
        self._expect_nothing_left()

    def _act(self, trouble: str) -> None:
        self.seen[trouble] += 1
        if trouble in {"edit", "delete"}:
            self._meddle(trouble)
        else:
            self._ask_amid(trouble)
        began = time.monotonic()
        found = self._disagreement()
        took = time.monotonic() - began
        self.slowest = max(self.slowest, took)
        wanted = [(item["version"], item["replicas"]) for item in self.desired]
        self.run.note("act", trouble=trouble, desired=wanted, seconds=round(took, 1))
        self.run.expect(not found, f"after {trouble}, {wanted} wanted: {found}")

    def _ask_amid(self, trouble: str) -> None:
        plane, chance = self.province.plane, self.run.random
        if trouble == "dies-before":
            plane.kill(API_SERVER)
        self.desired = self._another()
        self.province.scheduler.put(*self.desired).raise_for_status()
        time.sleep(chance.choice((0.0, 0.05, 0.3)))
        if trouble == "dies-amid":
            plane.kill(API_SERVER)
        elif trouble == "stops-amid":
            plane.kill(API_SERVER, signal.SIGTERM)
        elif trouble == "scheduler-dies":
            self.province.restart()
        plane.restart_api()

    def _another(self) -> list[dict[str, Any]]:
        """Desire something else: one version or two, of one code or of two, scaled as may be."""
        chance = self.run.random
        before = [(item["version"], item["replicas"]) for item in self.desired]
        while True:
            versions = sorted(chance.sample(_VERSIONS, chance.choice((1, 1, 2))))
            wanted = [(version, chance.randint(1, _MOST_REPLICAS)) for version in versions]
            if wanted != before:
                return [self._deployment(version, replicas) for version, replicas in wanted]

    def _deployment(self, version: str, replicas: int) -> dict[str, Any]:
        where = package(self.province.folder / "packages" / version)
        code = _CODES[version.startswith("2")]
        return deployment(where, version, replicas=replicas, code_digest=code)

    def _meddle(self, how: str) -> None:
        """Edit or delete every kind of object, as a stranger would."""
        province, http = self.province, self.province.plane.http
        if not self.desired:
            self._ask_amid("none")
        self._disagreement()
        edits: dict[str, Any] = {
            "deployments": {"spec": {"replicas": 9, "paused": True}},
            "configmaps": {"data": {"served.json": "{}", "theirs": "too"}},
            "services": {"spec": {"sessionAffinity": "ClientIP"}},
            "horizontalpodautoscalers": {"spec": {"maxReplicas": 90}},
        }
        for plural in _MEDDLED:
            for item in province.objects(plural):
                path = province.path(plural, name_of(item))
                if how == "delete":
                    http.delete(path)
                elif plural in edits:
                    http.patch(path, json=edits[plural], headers=_MERGE).raise_for_status()

    def _disagreement(self) -> str:
        """Wait for agreement, and return what is missing to it at last."""
        try:
            self.province.await_agreement(*self.desired, seconds=_AGREE_SECONDS)
        except AssertionError as error:
            return str(error).partition("\n")[0]
        if self._is_paused():
            return "a deployment stays paused"
        return ""

    def _is_paused(self) -> bool:
        return any(item["spec"].get("paused") for item in self.province.objects("deployments"))

    def _expect_nothing_left(self) -> None:
        try:
            eventually(lambda: not self.province.left_behind(), _AGREE_SECONDS)
        except AssertionError:
            self.run.expect(False, f"left behind: {self.province.left_behind()}")
        path = self.province.path("configmaps", "stranger")
        kept = self.province.plane.http.get(path).json().get("data")
        self.run.expect(kept == {"kept": "yes"}, "an object that is not ours was touched")

    def _any(self, choices: tuple[str, ...]) -> str:
        return self.run.random.choice(choices)


def play(run: Run) -> None:
    """Play one run on a control plane of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="jz-plane-") as folder,
        running_control_plane(program(), Path(folder) / "plane") as plane,
        running_province(plane) as province,
    ):
        acts = _Acts(run, province)
        acts.play()
        _report(run, plane, acts)


def _report(run: Run, plane: ControlPlane, acts: _Acts) -> None:
    run.report(acts=run.size, troubles=dict(acts.seen), slowest_seconds=round(acts.slowest, 1))
    run.report(kubernetes=plane.http.get("/version").json()["gitVersion"])
    if run.size >= len(_TROUBLES) and len(acts.seen) < len(_TROUBLES):
        raise Void(f"only {dict(acts.seen)} happened")


_CONVERGENCE = "scheduler/adapters/kubernetes/convergence.py"
_MIRROR = "scheduler/adapters/kubernetes/mirror.py"

PLANTED = (
    PlantedBug(
        "what-is-there-is-good-enough",
        _CONVERGENCE,
        "        if actual is not None and holds(wanted, actual | _kind(kind)) and not is_edited(actual):\n",
        "        if actual is not None:\n",
        shows_by_waiting=True,
    ),
    PlantedBug(
        "deletions-go-unseen",
        _MIRROR,
        '            if event["type"] == "DELETED":\n'
        "                self.objects.pop(name_of(item), None)\n",
        '            if event["type"] == "DELETED":\n                pass\n',
        shows_by_waiting=True,
    ),
    PlantedBug(
        "surplus-stays",
        _CONVERGENCE,
        "                if is_ours and name not in wanted and not is_leaving(item):\n",
        "                if is_ours and name not in wanted and is_leaving(item):\n",
        shows_by_waiting=True,
    ),
    PlantedBug(
        "additions-of-others-stay",
        _CONVERGENCE,
        "        if not holds(wanted, written) or is_edited(written):\n",
        "        if not holds(wanted, written):\n",
        shows_by_waiting=True,
    ),
    PlantedBug(
        "one-failure-ends-it",
        "scheduler/adapters/kubernetes/runner.py",
        "            except (ClusterUnreachable, ClusterRefused) as error:\n"
        "                if failures == 0:\n",
        "            except ClusterRefused as error:\n                if failures == 0:\n",
        shows_by_waiting=True,
    ),
)

CAMPAIGN = Campaign(
    name="kubernetes",
    unit="acts",
    small=_SMALL,
    large=_LARGE,
    planted=PLANTED,
    play=play,
)
