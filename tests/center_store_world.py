"""Capability versions, subscriptions and deployments for tests of a running center."""

import gzip
import hashlib
from dataclasses import dataclass
from typing import Any

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import GateReport, PackageDigests
from center.capability.domain import CapabilityVersion
from center.capability.gate import run_pending
from center.capability.store import CapabilityStore
from tests.center_world import Person, World

PASSED = GateReport(passed=True, checks=[], passport={"memory_bytes": 1000})
TERMS: dict[str, Any] = {
    "plan": "trial",
    "daily_quota": 1000,
    "rate_per_second": 5.0,
    "concurrency": 2,
    "purpose": "to read cheques",
}


def digest_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def manifest(name: str = "digit-recognition", version: str = "1.0.0", **changes: Any) -> Manifest:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "name": name,
        "version": version,
        "titles": {"zh": "数字识别", "en": "Digit recognition"},
        "summary": {"zh": "识别支票上的数字", "en": "Reads the digits of cheques"},
        "domain": "finance",
        "owner": "Center AI",
        "algorithm_family": "mlp",
        "inputs": [{"name": "image", "datatype": "FP32", "shape": [64]}],
        "outputs": [{"name": "label", "datatype": "INT64", "shape": []}],
    }
    return Manifest.model_validate({**fields, **changes})


@dataclass
class Shop:
    """A center with the people who publish, and those who subscribe."""

    world: World
    author: Person
    colleague: Person
    operator: Person

    @property
    def admin(self) -> Person:
        return self.world.admin

    def keep(self, item: Manifest, author: str = "author", organisation: str = "center") -> str:
        """Keep a version as an upload leaves it; returns its path below ``/api/v1``."""
        packages = self.world.app.state.packages
        draft = packages.drafts / "draft"
        draft.write_bytes(gzip.compress(f"{item.name} {item.version}".encode(), mtime=0))
        archive = f"sha256:{hashlib.sha256(draft.read_bytes()).hexdigest()}"
        key = f"{item.name} {item.version} "
        version = CapabilityVersion(
            manifest=item,
            digests=PackageDigests(
                package=digest_of(key + "package"),
                code=digest_of(key + "code"),
                weights=digest_of(key + "weights"),
            ),
            archive_digest=archive,
            archive_bytes=draft.stat().st_size,
            author=author,
            organisation=organisation,
            author_key="-----BEGIN PUBLIC KEY-----",
            uploaded_at=self.world.clock(),
        )
        with self.world.database.session() as session:
            store = CapabilityStore(session)
            if store.owner_of(item.name) is None:
                store.claim(item.name, organisation, version.uploaded_at)
            store.add(version)
            packages.publish(draft, archive)
        return path_of(item)

    def gate(self, report: GateReport = PASSED) -> bool:
        state = self.world.app.state
        return run_pending(state.database, state.packages, lambda _: report, clock=state.clock)

    def publish(self, item: Manifest) -> str:
        """Bring a version from upload to publication by three people's acts."""
        path = self.keep(item)
        assert self.gate()
        assert self.author.post(f"{path}:request-review").status_code == 200
        body = {"package_digest": self.author.get(path).json()["digests"]["package"]}
        answer = self.admin.post(f"{path}:approve", body)
        assert answer.status_code == 200, answer.text
        return path

    def application(self, name: str = "cheque reader", province: str = "zhejiang") -> str:
        answer = self.admin.post("/applications", {"name": name, "province": province})
        assert answer.status_code == 201, answer.text
        client_id: str = answer.json()["client_id"]
        return client_id

    def subscribe(self, application: str, capability: str = "digit-recognition") -> str:
        """Have the operator ask; returns the subscription's id."""
        body = {"application": application, "capability": capability, **TERMS}
        answer = self.operator.post("/subscriptions", body)
        assert answer.status_code == 201, answer.text
        identifier: str = answer.json()["id"]
        return identifier


def path_of(item: Manifest) -> str:
    return f"/capabilities/{item.name}/versions/{item.version}"


def open_shop(world: World) -> Shop:
    for province in ("zhejiang", "guizhou"):
        world.add_province(province)
    return Shop(
        world,
        author=world.add_person("author", "engineer"),
        colleague=world.add_person("colleague", "engineer", "guizhou"),
        operator=world.add_person("operator", "operator", "zhejiang"),
    )
