"""The fleet's capabilities on their way to the store: built, gated, reviewed by somebody else."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from capability_sdk.client import ApiProblem, CenterClient
from capability_sdk.contracts.errors import Conflict
from capability_sdk.contracts.packages import PackageDigests
from capability_sdk.packaging import signing
from deploy.fleet.models import Model, build

_GONE: Final = ("withdrawn", "gate_failed", "returned")
_POLL_SECONDS: Final = 0.5
_GATE_SECONDS: Final = 900.0


class NotPublished(Conflict):
    """The gate refused a version of the fleet, or did not come to a verdict."""

    code = "fleet-not-published"
    title = "A capability of the fleet was not published"


@dataclass(frozen=True, slots=True)
class Published:
    """A version of the fleet in the store, or on its way there."""

    model: Model
    version: str
    digests: PackageDigests

    @property
    def path(self) -> str:
        """Path of the version in the center's API."""
        return f"/capabilities/{self.model.blueprint.name}/versions/{self.version}"


def living_version(admin: CenterClient, model: Model) -> tuple[Published | None, str]:
    """Return the fleet's version that is there, and the number that the next one would have."""
    path = f"/capabilities/{model.blueprint.name}/versions"
    try:
        versions = list(admin.pages(path))
    except ApiProblem as problem:
        if problem.code != "capability-not-found":
            raise
        versions = []
    for item in versions:
        if item["stage"] not in _GONE:
            return _published(model, item), item["version"]
    return None, f"1.0.{len(versions)}"


def signing_key(folder: Path, engineer: CenterClient) -> Path:
    """Return the key that the fleet's packages are signed with, registered at the center."""
    key = folder / "signing.pem"
    if not key.exists():
        signing.generate_key(key)
    try:
        engineer.post("/signing-keys", {"public_key_pem": signing.public_key_pem(key)})
    except ApiProblem as problem:
        if problem.code != "name-taken":
            raise
    return key


def upload(
    engineer: CenterClient, model: Model, version: str, seed: int, folder: Path, key: Path
) -> Published:
    """Build a version's package and upload it."""
    built = build(model, version, seed, folder / "packages", key)
    return _published(model, engineer.upload_package(built.path))


def publish(admin: CenterClient, engineer: CenterClient, item: Published) -> None:
    """Bring an uploaded version into the store: the gate judges it, an admin approves it.

    Raises:
        NotPublished: The gate refused it, or took too long.
    """
    stage = _gated(engineer, item)
    if stage == "gated":
        engineer.post(f"{item.path}:request-review")
    if stage in ("gated", "in_review"):
        checked = [entry["id"] for entry in admin.get(f"{item.path}/review")["checklist"]]
        approval = {
            "package_digest": item.digests.package,
            "comment": "Simulated.",
            "checked": checked,
        }
        admin.post(f"{item.path}:approve", approval)
    elif stage in _GONE:
        raise NotPublished(f"{item.path} is {stage}: its gate report says why.")


def _gated(engineer: CenterClient, item: Published) -> str:
    until = time.monotonic() + _GATE_SECONDS
    while time.monotonic() < until:
        stage = str(engineer.get(item.path)["stage"])
        if stage != "gating":
            return stage
        time.sleep(_POLL_SECONDS)
    raise NotPublished(f"The gate of {item.path} did not end: does the center's worker run?")


def _published(model: Model, view: dict[str, Any]) -> Published:
    return Published(model, view["version"], PackageDigests.model_validate(view["digests"]))
