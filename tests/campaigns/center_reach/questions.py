"""Every question of the matrix: each route of the OpenAPI document, about each one's objects."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from center.access.keys import public_jwk
from center.access.service import ASSERTION_TYPE
from center.capability.review.checklist import template as checklist
from tests.campaigns.center_requests.generation import operations, random_cases
from tests.center_store_world import TERMS, digest_of
from tests.center_tenants import SHARED, Tenant, Tenants, new_public_key, records
from tests.center_world import PASSWORD, World

_STATUS_FOR = {"approve": "requested", "decline": "requested", "resume": "suspended"}
_REASON = {"reason": "because of the campaign"}
_CHANGE = {"plan": "standard", "why": "because of the campaign"}


@dataclass(frozen=True)
class Question:
    """One request about somebody's objects.

    Attributes:
        whose: ``own``, ``other``, or ``nobody``: ids that do not exist.
        variant: What else is said, such as an `If-Match`.
    """

    method: str
    template: str
    whose: str
    variant: str
    path: str
    words: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def label(self) -> str:
        """The route."""
        return f"{self.method} {self.template}"

    @property
    def said(self) -> str:
        """Everything that the question says."""
        return f"{self.path} {self.query} {self.body}"

    @property
    def changes(self) -> bool:
        """Tell whether the route may change something."""
        return self.method not in ("GET", "HEAD")


@dataclass(frozen=True)
class Objects:
    """Ids that a question is about: a province's, or such as nobody has."""

    whose: str
    province: str
    mark: str
    application: str
    client_secret: str
    secret_id: str
    token_id: str
    session_id: str
    work_order: str
    signing_key: str
    capability: str
    draft: str
    listed: str
    """What the store shows of one's own; of another's, what it must not show."""
    edge: str
    user: str
    subscriptions: Mapping[str, str]
    works: Mapping[str, str]
    enrolment_code: str
    invitation_code: str

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that an answer may repeat because the question said it."""
        single = (self.application, self.secret_id, self.token_id, self.session_id)
        named = (self.capability, self.draft, self.work_order)
        many = (*self.subscriptions.values(), *self.works.values(), self.edge, self.user)
        return (
            *single,
            *named,
            *many,
            self.client_secret,
            self.mark,
            self.signing_key,
            self.province,
        )


def of_tenant(world: World, tenant: Tenant, whose: str) -> Objects:
    """Return what a province owns, with a code of each kind that was made for it."""
    code = world.admin.post(f"/provinces/{tenant.province}/enrolment-codes").json()["code"]
    invited = {"name": f"u-{tenant.mark}", "role": "operator", "organisation": tenant.province}
    invitation = world.admin.post("/users", invited).json()["invitation"]["code"]
    return Objects(
        whose=whose,
        province=tenant.province,
        mark=tenant.mark,
        application=tenant.application,
        client_secret=tenant.client_secret,
        secret_id=tenant.secret_id,
        token_id=tenant.token_id,
        work_order=tenant.work_order,
        session_id=tenant.operator.get("/sessions").json()["items"][0]["id"],
        signing_key=tenant.signing_key,
        capability=tenant.capability,
        draft=tenant.draft,
        listed=tenant.capability if whose == "own" else tenant.draft,
        edge=tenant.edge.identity.edge,
        user=tenant.operator.name,
        subscriptions=tenant.subscriptions,
        works=tenant.works,
        enrolment_code=code,
        invitation_code=invitation,
    )


def of_nobody() -> Objects:
    """Return ids that look like the others, and belong to nothing."""
    name = secrets.token_hex(5)
    kinds = ("alarm", "silence", "incident", "action", "comment", "rule", "webhook", "rollout")
    return Objects(
        whose="nobody",
        province="nowhere",
        mark=f"n{name}",
        application=f"app-{name}",
        client_secret=secrets.token_urlsafe(32),
        secret_id=f"secret-{name}",
        token_id=f"token-{name}",
        session_id=f"session-{name}",
        work_order=f"order-{name}",
        signing_key=secrets.token_hex(32),
        capability="published-by-nowhere",
        draft=f"draft-n{name}",
        listed=f"draft-n{name}",
        edge="edge-nowhere",
        user=f"operator-n{name}",
        subscriptions=dict.fromkeys(("requested", "active", "suspended"), f"sub-{name}"),
        works={kind: f"{kind}-{name}" for kind in (*kinds, "change", "trial")},
        enrolment_code=secrets.token_urlsafe(32),
        invitation_code=secrets.token_urlsafe(32),
    )


class Questions:
    """Makes the questions of every route; a route that is new makes its own."""

    def __init__(self, document: dict[str, Any], tenants: Tenants, seed: int) -> None:
        self._document = document
        self._operations = {one.label: one for one in operations(document)}
        self._tenants = tenants.by_province
        self._seed = seed
        self.objects = (
            of_tenant(tenants.world, self._tenants["zhejiang"], "own"),
            of_tenant(tenants.world, self._tenants["guizhou"], "other"),
            of_nobody(),
        )

    def all(self) -> Iterator[tuple[Question, ...]]:
        """Yield each question about own, other and nobody's objects."""
        for template, methods in self._document["paths"].items():
            for method, definition in methods.items():
                for variant in _variants(definition):
                    yield tuple(
                        self._question(method.upper(), template, variant, objects)
                        for objects in self.objects
                    )

    def _question(self, method: str, template: str, variant: str, objects: Objects) -> Question:
        label = f"{method} {template}"
        query, headers = {}, {}
        if variant.startswith("?"):
            query = {variant[1:]: _of_parameter(variant[1:], template, objects)}
        elif variant:
            headers = {"If-Match": variant}
        return Question(
            method=method,
            template=template,
            whose=objects.whose,
            variant=variant,
            path=_filled(template, objects),
            words=objects.words,
            query=query,
            headers=headers,
            body=self._body(label, objects),
        )

    def _body(self, label: str, objects: Objects) -> Any:  # noqa: ANN401 - JSON, or bytes
        known = _known_bodies(objects)
        if label in known:
            return known[label]
        if label == "POST /api/v1/edges/{edge}/telemetry" and objects.whose != "nobody":
            tenant = self._tenants[objects.province]
            made = records(tenant, tenant.edge.clock() - timedelta(seconds=1))
            return {"stream": "matrix", "epoch": 1, "records": made}
        if label == "POST /oauth2/token" and objects.whose != "nobody":
            assertion = self._tenants[objects.province].edge.assertion()
            return _form(assertion)
        operation = self._operations.get(label)
        if operation is None or not operation.body:
            return None
        return next(iter(random_cases(operation, 1, self._seed))).body


def _variants(definition: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    for parameter in definition.get("parameters", ()):
        if parameter["in"] == "query" and parameter["name"] in ("province", "capability"):
            yield f"?{parameter['name']}"
        if parameter["name"] == "If-Match":
            yield from ('"1"', '"99"', "*")


def _filled(template: str, objects: Objects) -> str:
    filled = template
    for part in template.split("/"):
        name = part.partition("{")[2].partition("}")[0]
        if name:
            value = _of_parameter(name, template, objects)
            filled = filled.replace("{" + name + "}", value)
    return filled


_OF_THE_STORE = (
    *("/store/{name}", "/live-quality", "/difference", "/retirement", ":cancel-retirement"),
    *("/change-notices", "/objectives/{capability}"),
)
"""Ends of routes about what the store lists: what is published is known to everybody."""


def _of_parameter(name: str, template: str, objects: Objects) -> str:
    act = template.rpartition(":")[2]
    is_listed = template.endswith(_OF_THE_STORE) or "/store/{name}" in template
    values = {
        **objects.works,
        "name": objects.listed if is_listed else objects.draft,
        "version": "1.0.0",
        "province": objects.province,
        "organisation": objects.province,
        "capability": objects.listed if is_listed else objects.capability,
        "client_id": objects.application,
        "application": objects.application,
        "secret_id": objects.secret_id,
        "token_id": objects.token_id,
        "session_id": objects.session_id,
        "order": objects.work_order,
        "key_id": objects.signing_key,
        "edge": objects.edge,
        "subscription": objects.subscriptions[_STATUS_FOR.get(act, "active")],
    }
    if "/users/" in template and name == "name":
        return objects.user
    return values.get(name, objects.mark)


def _form(assertion: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }


def _known_bodies(objects: Objects) -> dict[str, Any]:
    return {
        **_bodies_of_identity(objects),
        **_bodies_of_the_store(objects),
        **_bodies_of_operations(objects),
    }


def _bodies_of_identity(objects: Objects) -> dict[str, Any]:
    name = secrets.token_hex(4)
    titles = {"titles": {"zh": name, "en": name}}
    role = {"role": "operator", "organisation": objects.province}
    return {
        "POST /api/v1/applications": {"name": f"new {name}", "province": objects.province},
        "POST /api/v1/users": {**role, "name": f"u{name}"},
        "POST /api/v1/users/{name}:change-role": role,
        "POST /api/v1/provinces": {**titles, "name": f"p{name}"},
        "POST /api/v1/organisations": {**titles, "name": f"o{name}"},
        "PUT /api/v1/organisations/{organisation}": titles,
        "POST /api/v1/me:change-password": {"present": PASSWORD, "new": f"{PASSWORD} {name}"},
        "POST /api/v1/api-tokens": {"label": f"new {name}"},
        "POST /api/v1/work-orders": {
            "kind": "scale",
            "title": f"more {name}",
            "province": objects.province,
        },
        "POST /api/v1/work-orders/{order}/comments": {"text": name},
        "POST /api/v1/work-orders/{order}:assign": {},
        "POST /api/v1/work-orders/{order}:set-due": {"due_at": "2099-01-01T00:00:00Z"},
        "POST /api/v1/signing-keys": {"public_key_pem": new_public_key()},
        "POST /api/v1/edges": {
            "code": objects.enrolment_code,
            "public_key": public_jwk(generate_private_key(SECP256R1()).public_key()),
            "gateway_url": "http://127.0.0.1:8500",
        },
        "POST /api/v1/invitations:accept": {
            "code": objects.invitation_code,
            "password": PASSWORD,
        },
        "POST /api/v1/sessions": {"name": objects.user, "password": PASSWORD},
    }


def _bodies_of_the_store(objects: Objects) -> dict[str, Any]:
    version = "/api/v1/capabilities/{name}/versions/{version}"
    call = {"application": objects.application, "capability": SHARED}
    relay = {"client_id": objects.application, "client_secret": objects.client_secret}
    digest = digest_of(f"{objects.draft} 1.0.0 package")
    return {
        "POST /api/v1/subscriptions": {**call, **TERMS},
        "POST /api/v1/subscriptions/{subscription}:decline": _REASON,
        "POST /api/v1/subscriptions/{subscription}/changes": _CHANGE,
        "POST /api/v1/subscription-changes/{change}:decline": _REASON,
        "PUT /api/v1/provinces/{province}/deployments/{capability}": {
            "versions": [{"version": "1.0.0", "weight": 1}]
        },
        "POST /api/v1/edges/{edge}/tokens": relay,
        f"POST {version}:approve": {
            "package_digest": digest,
            "checked": [item.id for item in checklist("finance")],
        },
        f"POST {version}/review-comments": {"body": "because of the campaign"},
        f"POST {version}:return": {"comment": "not yet"},
        f"POST {version}:withdraw": _REASON,
        "POST /api/v1/token-keys:rotate": {"leaked": False},
    }


def _bodies_of_operations(objects: Objects) -> dict[str, Any]:
    why, comment = {"reason": "because of the campaign"}, {"text": "because of the campaign"}
    incident = {"title": "for the campaign", "begins_at": "2026-01-01T00:00:00Z"}
    return {
        "POST /api/v1/alarms/{alarm}:assign": {"assignee": None},
        "POST /api/v1/alarms/{alarm}:comment": comment,
        "POST /api/v1/alarms/{alarm}:silence": {"until": None},
        "POST /api/v1/comments/{comment}:hide": why,
        "PUT /api/v1/comments/{comment}": comment,
        "PUT /api/v1/incidents/{incident}": {**incident, "provinces": [objects.province]},
        "POST /api/v1/incidents/{incident}/entries": {**comment, "at": incident["begins_at"]},
        "POST /api/v1/incidents/{incident}/actions": {**comment, "owner": objects.user},
        "POST /api/v1/rollouts/{rollout}:pause": why,
        "POST /api/v1/rollouts/{rollout}:continue": why,
        "POST /api/v1/rollouts/{rollout}:roll-back": why,
        "PUT /api/v1/notification-rules/{rule}": {},
        "PUT /api/v1/objectives/{capability}": {"availability": 0.99, "p99_ms": 100},
        "POST /api/v1/capabilities/{name}/trial-tokens": {"province": objects.province},
    }
