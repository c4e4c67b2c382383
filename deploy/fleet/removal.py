"""Takes a fleet away again: provinces with all their figures, versions, accounts."""

import shutil
from collections.abc import Callable
from pathlib import Path

from capability_sdk.client import ApiProblem, CenterClient
from deploy.fleet.catalogue import blueprints
from deploy.fleet.models import train
from deploy.fleet.people import ENGINEER, operator_of
from deploy.fleet.publishing import living_version

_NOT_THERE = 404


def remove(admin: CenterClient, folder: Path, say: Callable[[str], None]) -> None:
    """Remove every simulated province, withdraw the fleet's versions, keep its people out.

    What people did stays in the audit trail; withdrawn versions keep their numbers.
    """
    names = [
        str(item["name"]) for item in admin.pages("/provinces", limit=500) if item["simulated"]
    ]
    for name in names:
        _keep_out(admin, operator_of(name))
        admin.delete(f"/provinces/{name}")
    say(f"{len(names)} simulated provinces are removed")
    withdrawn = 0
    for item in blueprints():
        found, _ = living_version(admin, train(item, 0))
        if found is not None:
            admin.post(f"{found.path}:withdraw", {"reason": "The simulated fleet is removed."})
            withdrawn += 1
    _keep_out(admin, ENGINEER)
    say(f"{withdrawn} of its versions are withdrawn")
    shutil.rmtree(folder, ignore_errors=True)


def _keep_out(admin: CenterClient, person: str) -> None:
    try:
        admin.post(f"/users/{person}:disable")
    except ApiProblem as problem:
        if problem.status != _NOT_THERE:
            raise
