"""Leads generated requests to what exists: known ids, bodies that make sense, answers' own ids.

Requests that all end as 404 or 422 say little; a request that gets far and is wrong in one place
says much.
"""

import gzip
import json
import random
import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from center.access.keys import public_jwk
from center.access.service import ASSERTION_TYPE
from center.capability.review.checklist import template as checklist
from tests.campaigns.center_requests.fresh import Fresh
from tests.campaigns.center_requests.process import Running
from tests.center_store_world import TERMS, Author, digest_of, manifest
from tests.center_tenants import PROVINCES, SHARED, Tenant, new_public_key, records
from tests.center_world import PASSWORD

_KEPT = 40
_OF_ONE_TENANT = 0.7
_PACKAGES = 12
_VERSION = "/api/v1/capabilities/{name}/versions/{version}"
_PART = re.compile(r"{(\w+)}")
Body = dict[str, Any] | bytes


class Steering:
    """What is known of the running center, and what a good request would say."""

    def __init__(self, center: Running, rng: random.Random, folder: Path) -> None:
        self._center = center
        self._random = rng
        self._known: dict[str, list[str]] = defaultdict(list)
        self._seq = dict.fromkeys(("campaign-0", "campaign-1"), 1)
        self._fresh = Fresh(center.tenants, self._own, rng)
        self._learn_tenants()
        author = Author(center.tenants.world.admin, folder / "author")
        self._packages = [
            author.build(manifest(f"package-{number}")) for number in range(_PACKAGES)
        ]
        self._bodies: dict[str, Callable[[], Body]] = {
            "POST /oauth2/token": self._assertion,
            "POST /api/v1/packages": lambda: self._random.choice(self._packages),
            "POST /api/v1/edges": self._enrolment,
            "POST /api/v1/edges/{edge}/telemetry": self._telemetry,
            "POST /api/v1/edges/{edge}/tokens": self._relay,
            "PUT /api/v1/edges/{edge}/issuer-key": lambda: {"public_key": _new_jwk()},
            "POST /api/v1/sessions": lambda: {"name": "colleague", "password": PASSWORD},
            "POST /api/v1/invitations:accept": self._acceptance,
            "POST /api/v1/signing-keys": lambda: {"public_key_pem": new_public_key()},
            "POST /api/v1/token-revocations": self._revocation,
            "POST /api/v1/subscriptions": self._subscription,
            "POST /api/v1/applications": lambda: self._named({"province": self._own.province}),
            "POST /api/v1/api-tokens": lambda: {"label": "sweep"},
            "POST /api/v1/users": lambda: self._named(self._role()),
            "POST /api/v1/users/{name}:change-role": self._role,
            "POST /api/v1/subscriptions/{subscription}:decline": lambda: {"reason": "declined"},
            f"POST {_VERSION}:return": lambda: {"comment": "not yet"},
            f"POST {_VERSION}:withdraw": lambda: {"reason": "withdrawn"},
            "PUT /api/v1/provinces/{province}/delegated-issuer": lambda: {"enabled": True},
            "POST /api/v1/provinces": self._province,
            "PUT /api/v1/provinces/{province}/deployments/{capability}": self._deployment,
        }

    @property
    def unmade(self) -> Counter[str]:
        """How often something that an act needs could not be made, by address."""
        return self._fresh.unmade

    def path(self, template: str) -> dict[str, str]:
        """Return known values for path parameters, which mostly belong to one thing."""
        if self._fresh.makes(template):
            # What the province was settled with stays as it is, for the requests to come.
            return self._fresh.parts(template)
        nothing = dict.fromkeys(_PART.findall(template), self._own.mark)
        if self._random.random() < _OF_ONE_TENANT:
            return nothing | self._parts_of(self._own)
        kinds = {
            **self._known,
            "name": self._known["user" if "/users/" in template else "capability"],
        }
        found = {kind: self._random.choice(known) for kind, known in kinds.items() if known}
        return nothing | found

    def nobody(self, template: str) -> dict[str, str]:
        """Return path parameters that are well formed, the last of which names nothing."""
        names = _PART.findall(template)
        own = dict.fromkeys(names, self._own.mark) | self._parts_of(self._own)
        last = next((name for name in reversed(names) if name != "version"), "version")
        return {**own, last: f"nobody-{secrets.token_hex(4)}"}

    def _parts_of(self, tenant: Tenant) -> dict[str, str]:
        capability = self._random.choice((tenant.capability, SHARED))
        return {
            **tenant.works,
            "organisation": tenant.province,
            "order": tenant.work_order,
            "kind": "runbook",
            "plan": "standard",
            "province": tenant.province,
            "capability": capability,
            "name": capability,
            "version": "1.0.0",
            "edge": tenant.edge.identity.edge,
            "client_id": tenant.application,
            "secret_id": tenant.secret_id,
            "subscription": self._random.choice(list(tenant.subscriptions.values())),
            "token_id": tenant.token_id,
        }

    def query(self, name: str) -> str | None:
        """Return a known value for a query parameter."""
        if name in ("from", "to"):
            return (datetime.now(UTC) - timedelta(hours=self._random.randint(-2, 5))).isoformat()
        if name == "by":
            return self._random.choice(("province", "version,hour", "application,capability"))
        found = self._known.get(name)
        return self._random.choice(found) if found else None

    def body(self, label: str, parts: Mapping[str, Any]) -> Body | None:
        """Return a body that makes sense; None where the generated one is as good."""
        if label.endswith("versions/{version}:approve"):
            checked = [item.id for item in checklist("finance")]
            digest = digest_of(f"{parts['name']} {parts['version']} package")
            return {"package_digest": digest, "checked": checked}
        make = self._bodies.get(label)
        return make() if make is not None else None

    def learn(self, template: str, answer: Any) -> None:  # noqa: ANN401 - JSON
        """Remember the ids of an answer, for the requests that come."""
        items = answer.get("items", [answer]) if isinstance(answer, dict) else []
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict):
                self._learn(template, item)
        if isinstance(answer, dict) and isinstance(answer.get("next"), str):
            self._keep("cursor", answer["next"])

    def _learn(self, template: str, item: dict[str, Any]) -> None:
        kinds = {"/applications": "client_id", "/api-tokens": "token_id"}
        for part, kind in kinds.items():
            if part in template and isinstance(item.get("id"), str) and "secret" not in template:
                self._keep(kind, item["id"])
        if isinstance(item.get("client_id"), str) and "/applications" in template:
            self._keep("client_id", item["client_id"])
        if template.endswith("/secrets") and isinstance(item.get("id"), str):
            self._keep("secret_id", item["id"])
        if "/subscriptions" in template and isinstance(item.get("id"), str):
            self._keep("subscription", item["id"])
        if "/users" in template and isinstance(item.get("user"), dict):
            self._keep("user", item["user"]["name"])
            self._keep("invitation", item["invitation"]["code"])
        if template.endswith("/enrolment-codes") and "code" in item:
            self._keep("code", item["code"])

    def _keep(self, kind: str, value: str) -> None:
        known = self._known[kind]
        if value in known:
            return
        if len(known) >= _KEPT:
            known.pop(self._random.randrange(len(known)))
        known.append(value)

    def _learn_tenants(self) -> None:
        for tenant in self._center.tenants.by_province.values():
            self._learn_tenant(tenant)
        self._known["province"] = [*PROVINCES]
        self._known["version"] = ["1.0.0", "1.0.0", "1.1.0"]
        self._known["status"] = ["active", "requested", "suspended"]
        self._known["domain"] = ["finance"]
        self._known["capability"].append(SHARED)
        self._known["q"] = ["digit", "zhejiang"]
        self._known["user"].append("colleague")

    def _learn_tenant(self, tenant: Tenant) -> None:
        for status in tenant.subscriptions.values():
            self._keep("subscription", status)
        for kind, value in {
            "client_id": tenant.application,
            "application": tenant.application,
            "secret_id": tenant.secret_id,
            "token_id": tenant.token_id,
            "capability": tenant.capability,
            "edge": tenant.edge.identity.edge,
            "order": tenant.work_order,
            **tenant.works,
        }.items():
            self._keep(kind, value)
        self._keep("capability", tenant.draft)

    @property
    def _own(self) -> Tenant:
        return self._center.tenants.by_province["zhejiang"]

    def _assertion(self) -> Body:
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._own.edge.assertion(),
        }

    def _enrolment(self) -> Body:
        # Another province's edge: an own one would begin a new epoch and end the caller's token.
        world = self._center.tenants.world
        code = world.admin.post("/provinces/guizhou/enrolment-codes").json()["code"]
        return {"code": code, "public_key": _new_jwk(), "gateway_url": "http://127.0.0.1:8500"}

    def _telemetry(self) -> Body:
        stream = self._random.choice(list(self._seq))
        made = records(self._own, datetime.now(UTC), self._seq[stream])
        return {"schema": 1, "stream": stream, "epoch": 1, "records": made}

    def telemetry_applied(self, body: Any, through: int) -> None:  # noqa: ANN401 - JSON
        """Note how far a stream has come."""
        if isinstance(body, dict) and body.get("stream") in self._seq and body.get("epoch") == 1:
            self._seq[body["stream"]] = through + 1

    def _relay(self) -> Body:
        own = self._own
        return {"client_id": own.application, "client_secret": own.client_secret, "scope": ""}

    def _acceptance(self) -> Body:
        known = self._known["invitation"]
        return {"code": self._random.choice(known) if known else "x" * 20, "password": PASSWORD}

    def _revocation(self) -> Body:
        soon = datetime.now(UTC) + timedelta(minutes=self._random.randint(1, 60))
        return {"jti": secrets.token_hex(8), "expires_at": soon.isoformat()}

    def _subscription(self) -> Body:
        return {
            "application": self._fresh.parts("/api/v1/applications/{client_id}:suspend")[
                "client_id"
            ],
            "capability": self._random.choice((SHARED, "published-by-guizhou")),
            **TERMS,
        }

    def _role(self) -> dict[str, Any]:
        return {"role": "operator", "organisation": self._random.choice(PROVINCES)}

    def _named(self, body: dict[str, Any]) -> Body:
        return {**body, "name": f"n{secrets.token_hex(4)}"}

    def _province(self) -> Body:
        name = f"p{secrets.token_hex(4)}"
        return {"name": name, "titles": {"zh": "省", "en": name}, "zone": "Asia/Urumqi"}

    def _deployment(self) -> Body:
        weight = self._random.randint(1, 9)
        return {"versions": [{"version": "1.0.0", "weight": weight, "replicas": 1}]}


def _new_jwk() -> dict[str, str]:
    return public_jwk(generate_private_key(SECP256R1()).public_key())


def compressed(body: bytes) -> bytes:
    """Return a body as gzip."""
    return gzip.compress(body)


def as_json(body: object) -> bytes:
    """Return a body as JSON of plain ASCII, lone surrogates included."""
    return json.dumps(body).encode()
