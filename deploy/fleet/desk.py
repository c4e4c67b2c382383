"""What people do for simulated provinces before their edges have anything to tell."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from capability_sdk.client import ApiProblem, CenterClient
from deploy.fleet.people import acting, operator_of
from deploy.fleet.provinces import SimulatedProvince
from deploy.fleet.publishing import Published
from deploy.fleet.records import Grant
from edge_gateway.agent.enrolment import Enrolment, enrol
from edge_gateway.state import SITE_FILE

_APPLICATION: Final = "fleet caller"
_UNUSED_PORT: Final = 9
"""Nothing listens there (RFC 863): a simulated edge answers no calls."""

_PAGE: Final = 500
_TERMS: Final[Mapping[str, Any]] = {
    "daily_quota": 2_000,
    "rate_per_second": 20.0,
    "concurrency": 8,
    "purpose": "Simulated traffic.",
}


class Desk:
    """Founds provinces, and gives each its rights: operators ask, an admin approves."""

    def __init__(self, admin: CenterClient, url: str, folder: Path) -> None:
        """Take over what is there already.

        Args:
            admin: Founds provinces and approves what others ask for.
            url: The center.
            folder: Of the fleet; each simulated edge keeps its key in a folder of it.
        """
        self._admin = admin
        self._url = url
        self._folder = folder
        self._open = ExitStack()
        self._operators: dict[str, CenterClient] = {}
        self._applications = {
            str(item["province"]): str(item["client_id"])
            for item in admin.pages("/applications", limit=_PAGE)
            if item["name"] == _APPLICATION and not item["is_revoked"]
        }
        self._subscriptions = {
            (str(item["application"]), str(item["capability"])): str(item["id"])
            for item in admin.pages("/subscriptions", status="active", limit=_PAGE)
        }
        self._provinces = {
            str(item["name"]): bool(item["simulated"])
            for item in admin.pages("/provinces", limit=_PAGE)
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def edge_folder(self, province: str) -> Path:
        """Return where a province's edge keeps its key."""
        return self._folder / "edges" / province

    def simulated(self) -> list[str]:
        """Return the names of the simulated provinces that were there at the start."""
        return [name for name, is_simulated in self._provinces.items() if is_simulated]

    def found(self, province: SimulatedProvince) -> bool:
        """Found a province and enrol its edge; False where a real one has the name."""
        if province.name not in self._provinces:
            titles = {"zh": province.zh, "en": province.en}
            body = {"name": province.name, "titles": titles, "simulated": True}
            self._admin.post("/provinces", body)
        elif not self._provinces[province.name]:
            return False
        folder = self.edge_folder(province.name)
        if not (folder / SITE_FILE).exists():
            code = self._admin.post(f"/provinces/{province.name}/enrolment-codes")["code"]
            url = f"http://{province.name}.simulated.invalid"
            enrol(Enrolment(self._url, code, folder, _UNUSED_PORT, _UNUSED_PORT, url))
        return True

    def grant(self, province: str, item: Published) -> Grant:
        """Return by what right a province calls a version; it is asked for, and deployed, once."""
        application = self._application(province)
        key = (application, item.model.blueprint.name)
        if key not in self._subscriptions:
            self._subscriptions[key] = self._subscribe(province, *key)
            share = {"version": item.version, "weight": 1, "replicas": 1}
            path = f"/provinces/{province}/deployments/{item.model.blueprint.name}"
            self._operator(province).put(path, {"versions": [share]})
        return Grant(application, self._subscriptions[key], item.version, item.digests)

    def _application(self, province: str) -> str:
        if province not in self._applications:
            body = {"name": _APPLICATION, "province": province}
            made = self._operator(province).post("/applications", body)
            self._applications[province] = str(made["client_id"])
        return self._applications[province]

    def _subscribe(self, province: str, application: str, capability: str) -> str:
        wanted = {"application": application, "capability": capability, **_TERMS}
        try:
            asked = str(self._operator(province).post("/subscriptions", wanted)["id"])
        except ApiProblem as problem:
            if problem.code != "subscription-exists":
                raise
            asked = str(problem.members["existing"])  # of a run that was interrupted
        self._admin.post(f"/subscriptions/{asked}:approve")
        return asked

    def _operator(self, province: str) -> CenterClient:
        if province not in self._operators:
            name = operator_of(province)
            person = acting(self._admin, self._url, name, "operator", province)
            self._operators[province] = self._open.enter_context(person)
        return self._operators[province]
