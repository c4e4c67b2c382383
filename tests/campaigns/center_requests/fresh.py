"""Makes things at the state that an act asks for, since most acts can be done to a thing once."""

import random
import re
import secrets
from collections import Counter
from collections.abc import Callable
from functools import partial

from center.capability.domain import Stage
from center.capability.rows import CapabilityVersionRow
from tests.center_store_world import TERMS, manifest
from tests.center_tenants import SHARED, Tenant, Tenants, new_public_key

_NEW = 0.5
Parts = dict[str, str]
"""Path parameters by name."""

_VERSION = "/api/v1/capabilities/{name}/versions/{version}"
_SUBSCRIPTION = "/api/v1/subscriptions/{subscription}"
_STAGES = {
    "request-review": Stage.GATED,
    "approve": Stage.IN_REVIEW,
    "return": Stage.IN_REVIEW,
    "deprecate": Stage.PUBLISHED,
    "withdraw": Stage.PUBLISHED,
}


class Fresh:
    """New things of the province that asks, each at the state that the next act needs."""

    def __init__(self, tenants: Tenants, own: Tenant, rng: random.Random) -> None:
        self._tenants = tenants
        self._own = own
        self._random = rng
        self._plans = ["fresh-plan"]
        self.unmade: Counter[str] = Counter()
        """What could not be made any more, by address: an earlier request took its ground away."""
        self._makers: dict[str, Callable[[], Parts]] = {
            "/api/v1/users/{name}:enable": self._disabled_user,
            "/api/v1/users/{name}:reset": self._user,
            "/api/v1/users/{name}:disable": self._user,
            "/api/v1/users/{name}:change-role": self._user,
            "/api/v1/applications/{client_id}:resume": self._suspended_application,
            "/api/v1/applications/{client_id}:suspend": self._application,
            "/api/v1/applications/{client_id}:revoke": self._application,
            "/api/v1/edges/{edge}:revoke": self._edge,
            "/api/v1/applications/{client_id}/secrets": self._application,
            "/api/v1/applications/{client_id}/secrets/{secret_id}": self._secret,
            "/api/v1/api-tokens/{token_id}": self._token,
            "/api/v1/signing-keys/{key_id}:withdraw": self._signing_key,
            "/api/v1/subscription-plans/{plan}": self._plan,
            f"{_VERSION}/package": lambda: {"name": self._own.draft, "version": "1.0.0"},
        }
        for act, stage in _STAGES.items():
            self._makers[f"{_VERSION}:{act}"] = partial(self._version, stage)
        for act in ("approve", "decline", "suspend", "resume", "revoke"):
            self._makers[f"{_SUBSCRIPTION}:{act}"] = partial(self._subscription, act)

    def makes(self, template: str) -> bool:
        """Tell whether an act asks for a thing of its own."""
        return template in self._makers

    def parts(self, template: str) -> Parts:
        """Return path parameters of a thing that is made for this act."""
        try:
            return self._makers[template]()
        except KeyError:  # what was to be made was refused, and has no id
            self.unmade[template] += 1
            return dict.fromkeys(re.findall(r"{(\w+)}", template), self._own.mark)

    def _plan(self) -> Parts:
        # Those that subscriptions are asked for with stay as they are.
        if self._random.random() < _NEW:
            self._plans.append(f"p{secrets.token_hex(4)}")
        return {"plan": self._random.choice(self._plans)}

    def _version(self, stage: Stage) -> Parts:
        shop = self._tenants.shop
        item = manifest(f"fresh-{secrets.token_hex(4)}")
        shop.keep(item)
        with shop.world.database.session() as session:
            row = session.get_one(CapabilityVersionRow, (item.name, item.version))
            row.stage = stage
        return {"name": item.name, "version": item.version}

    def _application(self) -> Parts:
        body = {"name": f"fresh {secrets.token_hex(4)}", "province": self._own.province}
        return {"client_id": self._own.operator.post("/applications", body).json()["client_id"]}

    def _suspended_application(self) -> Parts:
        parts = self._application()
        self._own.operator.post(f"/applications/{parts['client_id']}:suspend")
        return parts

    def _edge(self) -> Parts:
        province = f"p{secrets.token_hex(4)}"
        self._tenants.world.add_province(province)
        return {"edge": self._tenants.world.enrol(province).identity.edge}

    def _secret(self) -> Parts:
        parts = self._application()
        made = self._own.operator.post(f"/applications/{parts['client_id']}/secrets").json()
        return {**parts, "secret_id": made["id"]}

    def _token(self) -> Parts:
        made = self._own.operator.post("/api-tokens", {"label": "fresh"}).json()
        return {"token_id": made["id"]}

    def _signing_key(self) -> Parts:
        body = {"public_key_pem": new_public_key()}
        return {"key_id": self._own.operator.post("/signing-keys", body).json()["id"]}

    def _user(self) -> Parts:
        body = {"name": f"u{secrets.token_hex(4)}", "role": "engineer", "organisation": "center"}
        self._tenants.world.admin.post("/users", body)
        return {"name": body["name"]}

    def _disabled_user(self) -> Parts:
        parts = self._user()
        self._tenants.world.admin.post(f"/users/{parts['name']}:disable")
        return parts

    def _subscription(self, act: str) -> Parts:
        admin = self._tenants.world.admin
        body = {**self._application(), "capability": SHARED, **TERMS}
        body["application"] = body.pop("client_id")
        found = self._own.operator.post("/subscriptions", body).json()["id"]
        if act in ("suspend", "resume", "revoke"):
            admin.post(f"/subscriptions/{found}:approve")
        if act == "resume":
            admin.post(f"/subscriptions/{found}:suspend")
        return {"subscription": found}
