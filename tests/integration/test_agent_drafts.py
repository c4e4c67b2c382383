"""What an edge does with the center's leave to run a draft: the proving edge's own alone counts."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from capability_sdk.contracts.packages import DRAFT_TYPE, DraftRelease
from capability_sdk.contracts.state import DeploymentState, VersionShare
from tests.integration.agent_process import AgentProcess
from tests.integration.agent_world import (
    SignedPackage,
    StandInCenter,
    enrol_province,
    make_package,
    running_center,
)
from tests.waiting import eventually

FOLDER = "packages"
REFUSED = {"digit-recognition 1.2.3": "package-refused"}
EXPIRED = {"digit-recognition 1.2.3": "draft-expired"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> SignedPackage:
    return make_package(tmp_path_factory.mktemp("package"))


@contextmanager
def edge(kind: str) -> Iterator[tuple[StandInCenter, AgentProcess]]:
    with running_center() as center, tempfile.TemporaryDirectory(prefix="jz") as folder:
        province = enrol_province(center, Path(folder) / "p")
        identity = json.loads((province / "edge.json").read_text())
        (province / "edge.json").write_text(json.dumps({**identity, "kind": kind}))
        agent = AgentProcess(province, longest_delay="PT0.5S")
        agent.start()
        try:
            yield center, agent
        finally:
            agent.stop()


@pytest.fixture(scope="module")
def proving() -> Iterator[tuple[StandInCenter, AgentProcess]]:
    with edge("proving") as found:
        yield found


def deploy_draft(
    center: StandInCenter,
    package: SignedPackage,
    *,
    province: str = "zhejiang",
    life: timedelta = timedelta(minutes=5),
) -> None:
    manifest, digests = package.built.manifest, package.built.digests
    now = datetime.now(UTC)
    draft = DraftRelease(
        capability=manifest.name,
        version=manifest.version,
        manifest=manifest,
        digests=digests,
        author="ann",
        author_key=package.author_key,
        approved_by="worker",
        approved_at=now,
        province=province,
        expires_at=now + life,
    )
    share = VersionShare(
        version=manifest.version,
        weight=1,
        package_digest=digests.package,
        code_digest=digests.code,
        weights_digest=digests.weights,
        release=center.release_key.sign(draft.model_dump_json(by_alias=True).encode(), DRAFT_TYPE),
    )
    deployment = DeploymentState(capability=manifest.name, versions=[share])
    center.packages[f"{manifest.name}/{manifest.version}"] = package.content
    center.change(deployments=[deployment.model_dump(mode="json")])


def comes_to(agent: AgentProcess, not_running: dict[str, str]) -> None:
    eventually(lambda: agent.status()["not_running"] == not_running, 60)


def test_a_serving_edge_takes_no_draft_though_it_names_its_province(
    package: SignedPackage,
) -> None:
    with edge("serving") as (center, agent):
        deploy_draft(center, package)

        comes_to(agent, REFUSED)
        assert list((agent.province / FOLDER).iterdir()) == []


def test_the_proving_edge_takes_no_draft_of_another_province(
    proving: tuple[StandInCenter, AgentProcess], package: SignedPackage
) -> None:
    deploy_draft(proving[0], package, province="guizhou")

    comes_to(proving[1], REFUSED)


def test_the_proving_edge_takes_no_draft_whose_time_is_over(
    proving: tuple[StandInCenter, AgentProcess], package: SignedPackage
) -> None:
    deploy_draft(proving[0], package, life=-timedelta(seconds=1))

    comes_to(proving[1], EXPIRED)


def test_the_proving_edge_fetches_and_verifies_its_own_draft_until_its_time_is_over(
    proving: tuple[StandInCenter, AgentProcess], package: SignedPackage
) -> None:
    center, agent = proving
    # Long enough to be fetched and verified on a busy machine; the agent looks every ten seconds.
    deploy_draft(center, package, life=timedelta(seconds=25))

    name = package.built.digests.package.removeprefix("sha256:")
    eventually((agent.province / FOLDER / name / "capability.toml").is_file, 60)
    comes_to(agent, {})
    comes_to(agent, EXPIRED)
