"""The center is killed at each step of an upload and of an approval (E10).

Afterwards the version is wholly there or not at all, the same request sent again leads to what the
first one wanted, and the audit trail says neither more nor less.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx

from capability_sdk.client import ApiProblem
from tests.campaigns.harness import Campaign, PlantedBug, Run, Void
from tests.campaigns.publish_crash.world import NAME, MortalCenter, mortal_center, path_of

_MOST_STEPS = 200


class Trials:
    """One center, and a version of its own for each death."""

    def __init__(self, run: Run, center: MortalCenter) -> None:
        self._run = run
        self._center = center
        self._patch = 0
        self.deaths = 0

    def play(self) -> None:
        """Kill at the most telling steps of each act; at all of them when large."""
        for act in (self._upload, self._approve):
            steps = act(0)
            self._run.note("counted", act=act.__name__, steps=steps)
            for step in telling(steps)[: self._run.size]:
                act(step)
                if CAMPAIGN.has_told(self._run):
                    return
        self._center.start()
        self._center.collect_orphans()
        self._judge_stock()

    def _upload(self, step: int) -> list[str]:
        version = self._next()
        package = self._center.build(version)
        counted = self._die(step, lambda: self._center.upload(package))
        is_there = self._stage(version) is not None
        self._judge(version, "capability.uploaded", is_there, f"upload, step {step}")
        if is_there:
            self._expect_package(version, package, f"upload, step {step}")
        again = self._center.upload(package)
        code = None if again is None else again.status_code
        wanted = httpx.codes.CONFLICT if is_there else httpx.codes.CREATED
        self._expect(code == wanted, f"upload, step {step}: sent again, it is answered {code}")
        self._expect(self._stage(version) == "gating", f"upload, step {step}: not kept at last")
        self._expect_package(version, package, f"upload, step {step}, sent again")
        self._center.gate()
        return counted

    def _approve(self, step: int) -> list[str]:
        version = self._next()
        package = self._center.build(version)
        self._center.upload(package)
        self._center.gate()
        self._center.author.post(f"{path_of(version)}:request-review")
        approval = self._center.approval_of(version)
        counted = self._die(step, lambda: self._center.approve(version, approval))
        stage, where = self._stage(version), f"approval, step {step}"
        self._expect(stage in {"in_review", "published"}, f"{where}: it is {stage}")
        is_out = stage == "published"
        self._judge(version, "capability.published", is_out, where)
        review = self._center.admin.get(f"{path_of(version)}/review")
        ticked = {item["ticked_by"] is not None for item in review["checklist"]}
        self._expect(ticked == {is_out}, f"{where}: {stage}, but items are ticked: {ticked}")
        again = self._center.approve(version, approval)
        code = None if again is None else again.status_code
        wanted = httpx.codes.CONFLICT if is_out else httpx.codes.OK
        self._expect(code == wanted, f"{where}: sent again, it is answered {code}")
        self._expect(self._stage(version) == "published", f"{where}: not published at last")
        return counted

    def _die(self, step: int, act: Callable[[], httpx.Response | None]) -> list[str]:
        """Do an act in a center that dies at a step; return its steps where it lives."""
        self._center.start(step)
        self._center.toggle()
        answer = act()
        if step == 0:
            if answer is None or answer.is_error:
                raise Void(f"the act fails by itself: {answer and answer.text}")
            return self._center.steps()
        self.deaths += answer is None
        self._center.start()
        self._run.note("died", step=step, survived=answer is not None)
        return []

    def _judge(self, version: str, act: str, happened: bool, where: str) -> None:
        acts = self._center.acts(act, version)
        self._expect(acts == int(happened), f"{where}: {act} is in the trail {acts} x")
        self._expect(self._center.trail_is_intact(), f"{where}: the audit trail is broken")

    def _expect_package(self, version: str, package: bytes, where: str) -> None:
        answer = self._center.download(version)
        self._expect(answer.is_success, f"{where}: the version is there, its package is not")
        is_same = answer.is_error or answer.content == package
        self._expect(is_same, f"{where}: the package is another one")

    def _judge_stock(self) -> None:
        listed = list(self._center.admin.pages(f"/capabilities/{NAME}/versions"))
        files = list((self._center.data / "packages").glob("??/*.tar.gz"))
        self._expect(len(files) == len(listed), f"{len(files)} archives, {len(listed)} versions")

    def _stage(self, version: str) -> str | None:
        try:
            stage: str = self._center.admin.get(path_of(version))["stage"]
        except ApiProblem as problem:
            if problem.status != httpx.codes.NOT_FOUND:
                raise
            return None
        return stage

    def _next(self) -> str:
        self._patch += 1
        return f"1.0.{self._patch}"

    def _expect(self, holds: bool, otherwise: str) -> None:
        self._run.expect(holds, otherwise)


def telling(steps: list[str]) -> list[int]:
    """Return the numbers of the steps, from 1: those around the last write and its commit first."""
    commit = len(steps) - steps[::-1].index("commit")
    # What follows a commit, and what stands right before it, tells the most.
    return sorted(range(1, len(steps) + 1), key=lambda step: abs(step - commit - 0.6))


def play(run: Run) -> None:
    """Play one run."""
    with tempfile.TemporaryDirectory(prefix="jz-") as folder, mortal_center(Path(folder)) as center:
        trials = Trials(run, center)
        trials.play()
        run.report(deaths=trials.deaths)
        if not run.findings.violations and not trials.deaths:
            raise Void("nothing died")


CAMPAIGN = Campaign(
    name="publish-crash",
    unit="steps of each act",
    small=2,
    large=_MOST_STEPS,
    planted=(
        PlantedBug(
            name="package-after-the-commit",
            path="center/capability/intake.py",
            old="""        packages.publish(draft.path, draft.digest)
    return item""",
            new="""    packages.publish(draft.path, draft.digest)
    return item""",
            shows_by_waiting=True,  # a run takes half a minute
        ),
        PlantedBug(
            name="ticked-in-a-transaction-of-its-own",
            path="center/capability/api.py",
            old="        require_checklist(session, actor, item, body.checked, clock())\n",
            new="        require_checklist(session, actor, item, body.checked, clock())\n"
            "    with database.session() as session:\n",
            shows_by_waiting=True,
        ),
    ),
    play=play,
)
