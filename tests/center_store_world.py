"""Capability versions, subscriptions and deployments for tests of a running center."""

import gzip
import hashlib
import io
import json
import secrets
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from httpx2 import Response

from capability_sdk.contracts.manifest import Manifest
from capability_sdk.contracts.packages import GateReport, PackageDigests
from capability_sdk.packaging.signing import generate_key, public_key_pem, sign
from center.capability.domain import CapabilityVersion
from center.capability.gate import run_pending
from center.capability.store import CapabilityStore
from tests.center_world import Person, World

PASSED = GateReport(passed=True, checks=[], passport={"memory_bytes": 1000})
TERMS: dict[str, Any] = {
    "plan": "standard",
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
        return run_pending(state.database, state.packages, lambda *_: report, clock=state.clock)

    def publish(self, item: Manifest, report: GateReport = PASSED) -> str:
        """Bring a version from upload to publication by three people's acts."""
        path = self.keep(item)
        assert self.gate(report)
        assert self.author.post(f"{path}:request-review").status_code == 200
        answer = self.admin.post(f"{path}:approve", approval_of(self.admin, path))
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


class Author:
    """Somebody who signs packages with a key of their own, and uploads them."""

    def __init__(self, person: Person, folder: Path, *, register: bool = True) -> None:
        self.person = person
        self._folder = folder / secrets.token_hex(4)
        self._key = self._folder / "key.pem"
        generate_key(self._key)
        if register:
            body = {"public_key_pem": public_key_pem(self._key)}
            answer = person.post("/signing-keys", body)
            assert answer.status_code == 201, answer.text

    def build(self, item: Manifest, model: bytes = b"\x08\x08 weights") -> bytes:
        """Return a signed package archive."""
        folder = self._folder / f"package-{secrets.token_hex(4)}"
        (folder / "model").mkdir(parents=True)
        (folder / "capability.toml").write_text(toml_of(item), encoding="utf-8")
        (folder / "README.md").write_text(f"# {item.name}\n", encoding="utf-8")
        (folder / "model" / "model.onnx").write_bytes(model)
        sign(folder, self._key)
        return pack(folder)

    def upload(
        self, package: bytes | Iterable[bytes], content_type: str = "application/gzip"
    ) -> Response:
        return self.person.http.post(
            "/api/v1/packages", content=package, headers={"Content-Type": content_type}
        )


def pack(folder: Path) -> bytes:
    """Return a folder as a gzipped tar, file by file in order."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = tarfile.TarInfo(path.relative_to(folder).as_posix())
            info.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(info, file)
    return out.getvalue()


def toml_of(item: Manifest) -> str:
    """Write the fields that `manifest` sets; JSON strings, numbers and lists are TOML as well."""
    plain = item.model_dump(mode="json", exclude_defaults=True)
    simple = [f"{key} = {json.dumps(value)}" for key, value in plain.items() if _is_flat(value)]
    for key in ("titles", "summary"):
        simple += [f"{key}.{inner} = {json.dumps(text)}" for inner, text in plain[key].items()]
    for key in ("inputs", "outputs"):
        for tensor in plain[key]:
            simple += [f"[[{key}]]", *(f"{k} = {json.dumps(v)}" for k, v in tensor.items())]
    return "\n".join(simple) + "\n"


def _is_flat(value: object) -> bool:
    return isinstance(value, str | int | float)


def approval_of(reviewer: Person, path: str) -> dict[str, Any]:
    """Return the body that approves a version after a look at everything."""
    review = reviewer.get(f"{path}/review").json()
    checked = [item["id"] for item in review["checklist"]]
    return {"package_digest": review["version"]["digests"]["package"], "checked": checked}


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
