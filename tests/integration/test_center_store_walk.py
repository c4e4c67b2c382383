"""A real package's way: trained, signed, uploaded, gated in the sandbox, published, fetched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest

from capability_sdk.contracts.packages import Release
from capability_sdk.contracts.state import DesiredState
from capability_sdk.gate.plan import BRIEF
from capability_sdk.gate.proving import prove_archive
from capability_sdk.packaging.archive import unpack
from capability_sdk.packaging.builder import build_package
from capability_sdk.packaging.signing import generate_key, public_key_pem
from capability_sdk.packaging.verify import verify_package
from center.capability.gate import run_pending
from tests.center_store_world import Shop, approval_of, open_shop
from tests.center_world import running_center

EXAMPLE = Path(__file__).parents[2] / "examples" / "digit_recognition"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as world:
        yield open_shop(world)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    command = [sys.executable, str(EXAMPLE / "train.py"), "--out", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parents[1])}
    subprocess.run(command, check=True, env=environment)
    return tmp_path / "digit-recognition"


@dataclass(frozen=True)
class Published:
    """A version that went the whole way to the store."""

    name: str
    version: str
    package_digest: str
    passport: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/capabilities/{self.name}/versions/{self.version}"


@pytest.fixture
def published(shop: Shop, project: Path, tmp_path: Path) -> Published:
    key = tmp_path / "author.pem"
    generate_key(key)
    shop.author.post("/signing-keys", {"public_key_pem": public_key_pem(key)})
    built = build_package(project, tmp_path / "package.tar.gz", signing_key=key)
    answer = shop.author.http.post(
        "/api/v1/packages",
        content=built.path.read_bytes(),
        headers={"Content-Type": "application/gzip"},
    )
    assert answer.status_code == 201, answer.text
    name, version = answer.json()["name"], answer.json()["version"]
    path = f"/capabilities/{name}/versions/{version}"
    assert answer.json()["digests"] == built.digests.model_dump()

    brief = partial(prove_archive, plan=BRIEF)
    assert run_pending(shop.world.database, shop.world.app.state.packages, brief)
    report = shop.author.get(f"{path}/gate-report").json()
    assert report["passed"], report["checks"]
    assert report["passport"]["load_seconds"] > 0
    shop.author.post(f"{path}:request-review")
    approval = approval_of(shop.admin, path) | {"comment": "reads well"}
    assert approval["package_digest"] == built.digests.package
    assert shop.admin.post(f"{path}:approve", approval).json()["stage"] == "published"
    return Published(name, version, built.digests.package, report["passport"])


def test_a_real_package_reaches_the_edge_that_is_to_run_it(
    shop: Shop, published: Published, tmp_path: Path
) -> None:
    share = {"versions": [{"version": published.version, "weight": 1}]}
    path = f"/api/v1/provinces/zhejiang/deployments/{published.name}"
    deployed = shop.operator.http.put(path, json=share)
    assert deployed.status_code == 200, deployed.text
    edge = shop.world.enrol("zhejiang").sign_in()
    document = edge.http.get(f"/api/v1/edges/{edge.identity.edge}/desired-state").text
    state = DesiredState.model_validate_json(
        jwt.PyJWS().decode(document, jwt.PyJWK(edge.identity.state_keys[0]), ["ES256"])
    )
    (wanted,) = state.deployments[0].versions
    release = Release.model_validate_json(
        jwt.PyJWS().decode(wanted.release, jwt.PyJWK(edge.identity.release_keys[0]), ["ES256"])
    )
    fetched = tmp_path / "fetched.tar.gz"
    fetched.write_bytes(edge.http.get(f"/api/v1{published.path}/package").content)
    unpack(fetched, tmp_path / "unpacked")
    verify_package(tmp_path / "unpacked", release.author_key, release.digests)
    assert release.passport == published.passport
    assert release.digests.package == wanted.package_digest == published.package_digest
