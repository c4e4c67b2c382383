"""A center whose provinces have one of everything, so that requests find something to reach.

Every private word of a province carries its mark: whoever may not see the province must never
read it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr
from starlette.testclient import TestClient

from center.alarm.evaluation import Evaluation
from center.alarm.rules import center_rules
from center.app import create_app
from center.board.joining import join
from center.board.store import BoardStore
from center.database import Database
from center.identity.service.users import create_first_admin
from center.monitoring.domain import ColumnMovement, DriftVerdict, Judgement, Series, Window
from center.monitoring.store import DriftStore, Standing
from center.objective.measuring import Measuring
from center.schema import migrate
from center.settings import CenterSettings
from tests.center_store_world import TERMS, Shop, approval_of, manifest
from tests.center_world import PASSWORD, EdgeWorld, Hands, Person, World

PROVINCES = ("zhejiang", "guizhou")
SHARED = "digit-recognition"
"""The center's own capability, which every province subscribes to."""

_QUALITY = {"task": "classification", "output": "label", "labels": ["no", "yes"]}


@dataclass
class Tenant:
    """A province, its people, its edge, and the ids of what it owns."""

    province: str
    mark: str
    operator: Person
    engineer: Person
    edge: EdgeWorld
    capability: str
    """Published by the province's own engineers."""
    draft: str
    """Uploaded by them, and seen by nobody else."""
    application: str = ""
    secret_id: str = ""
    client_secret: str = ""
    other_application: str = ""
    token_id: str = ""
    work_order: str = ""
    signing_key: str = ""
    subscriptions: dict[str, str] = field(default_factory=dict)
    """Status to id."""
    works: dict[str, str] = field(default_factory=dict)
    """What people work on, such as an alarm: kind, as paths name it, to id."""


@dataclass
class Tenants:
    """The whole center: shop, and what each province owns."""

    shop: Shop
    by_province: dict[str, Tenant]

    @property
    def world(self) -> World:
        return self.shop.world


class Present(Hands):
    """The clock of the machine, since the same database is served by other processes too."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


@contextmanager
def migrated_center(url: str, folder: Path, **changes: Any) -> Iterator[World]:  # noqa: ANN401 - any setting
    """Start a center as `python -m center` would, at the present moment, with its first admin."""
    given = {"webhooks": True, **changes}
    settings = CenterSettings(data=folder / "data", database_url=SecretStr(url), **given)
    clock = Present()
    database = Database(url)
    migrate(database)
    create_first_admin(database, "root", PASSWORD, clock())
    database.close()
    app = create_app(settings, clock=clock)
    with TestClient(app):
        yield World(app, settings, clock, Person(app, "root"))


def settle(world: World) -> Tenants:
    """Found the provinces and give each of them one of everything."""
    for province in PROVINCES:
        world.add_province(province)
    shop = Shop(
        world,
        author=world.add_person("author", "engineer"),
        colleague=world.add_person("colleague", "engineer"),
        operator=world.admin,
    )
    shop.publish(manifest(SHARED, quality=_QUALITY))
    shop.publish(manifest(SHARED, "1.1.0", quality=_QUALITY))
    tenants = Tenants(shop, {province: _tenant(shop, province) for province in PROVINCES})
    for tenant in tenants.by_province.values():
        _own(tenants.world, tenant)
        _report(tenants.world, tenant)
    _let_the_worker_work(world)
    for tenant in tenants.by_province.values():
        _work(tenants.world, tenant)
    # The store indexes a version when it first meets it.
    assert world.admin.get("/store").status_code == 200
    return tenants


def _let_the_worker_work(world: World) -> None:
    """Measure objectives and raise alarms, as the worker does every few seconds."""
    Measuring(world.database, world.clock).run()
    Evaluation(world.database, center_rules(world.settings), world.clock).run()


def _work(world: World, tenant: Tenant) -> None:
    """Give a province's people something of each kind to work on."""
    operator, engineer, works = tenant.operator, tenant.engineer, tenant.works
    now = world.clock()
    soon = (now + timedelta(days=40)).isoformat()
    works["alarm"] = operator.get("/alarms").json()["items"][0]["id"]
    silence = {"ends_at": soon, "reason": f"silence {tenant.mark}"}
    place = {"province": tenant.province, "capability": tenant.capability}
    works["silence"] = _created(operator, "/alarm-silences", {**silence, **place})["id"]
    incident = {"title": f"incident {tenant.mark}", "begins_at": now.isoformat()}
    made = _created(operator, "/incidents", {**incident, "provinces": [tenant.province]})
    works["incident"] = made["id"]
    action = {"text": f"action {tenant.mark}", "owner": operator.name}
    made = _created(operator, f"/incidents/{made['id']}/actions", action)
    works["action"] = made["actions"][0]["id"]
    comment = {"text": f"comment {tenant.mark}"}
    # What is said of a published capability is for everybody.
    works["comment"] = _created(engineer, f"/capabilities/{tenant.draft}/comments", comment)["id"]
    works["rule"] = _created(operator, "/notification-rules", {})["id"]
    webhook = {"name": f"hook {tenant.mark}", "url": "https://1.1.1.1/"}
    works["webhook"] = _created(operator, "/webhooks", webhook)["id"]
    change = {"plan": "standard", "why": f"change {tenant.mark}"}
    subscription = f"/subscriptions/{tenant.subscriptions['active']}"
    works["change"] = _created(operator, f"{subscription}/changes", change)["id"]
    stages = [{"provinces": [tenant.province], "percent": 100}]
    rollout = {"capability": tenant.capability, "version": "1.1.0", "stages": stages}
    works["rollout"] = _created(operator, "/rollouts", rollout)["id"]
    retirement = {"retires_at": soon, "reason": f"retirement {tenant.mark}"}
    version = f"/capabilities/{tenant.capability}/versions/1.0.0"
    assert engineer.post(f"{version}:announce-retirement", retirement).is_success
    trial = _created(
        operator, f"/capabilities/{SHARED}/trial-tokens", {"province": tenant.province}
    )
    works["trial"] = trial["id"]


def _tenant(shop: Shop, province: str) -> Tenant:
    world, mark = shop.world, f"{province[0]}{secrets.token_hex(4)}"
    engineer = world.add_person(f"engineer-{mark}", "engineer", province)
    owner, name = (engineer.name, province), f"published-by-{province}"
    texts = {"zh": "省", "en": province}
    for version in ("0.9.0", "1.0.0", "1.1.0"):
        path = shop.keep(manifest(name, version, titles=texts, quality=_QUALITY), *owner)
        assert shop.gate()
        assert engineer.post(f"{path}:request-review").status_code == 200
        approval = approval_of(world.admin, path)
        assert world.admin.post(f"{path}:approve", approval).status_code == 200
    draft = manifest(f"draft-{mark}", titles={"zh": mark, "en": mark})
    shop.keep(draft, *owner)
    assert shop.gate()
    return Tenant(
        province=province,
        mark=mark,
        operator=world.add_person(f"operator-{mark}", "operator", province),
        engineer=engineer,
        edge=world.enrol(province, f"http://{mark}.example").sign_in(),
        capability=name,
        draft=draft.name,
    )


def _own(world: World, tenant: Tenant) -> None:
    operator = tenant.operator
    made = _created(operator, "/applications", _application(tenant, "reader"))
    tenant.application, tenant.client_secret = made["client_id"], made["client_secret"]
    shown = operator.get(f"/applications/{tenant.application}").json()
    tenant.secret_id = shown["secrets"][0]["id"]
    _created(operator, f"/applications/{tenant.application}/secrets", None)
    tenant.other_application = _created(operator, "/applications", _application(tenant, "spare"))[
        "client_id"
    ]
    tenant.token_id = _created(operator, "/api-tokens", {"label": f"label {tenant.mark}"})["id"]
    wish = {"kind": "scale", "title": f"more {tenant.mark}", "province": tenant.province}
    tenant.work_order = _created(operator, "/work-orders", wish)["id"]
    _created(tenant.engineer, "/api-tokens", {"label": f"label {tenant.mark}"})
    key = {"public_key_pem": new_public_key()}
    tenant.signing_key = _created(operator, "/signing-keys", key)["id"]
    _subscribe(world, tenant)
    body = {"versions": [{"version": "1.0.0", "weight": 3}, {"version": "1.1.0", "weight": 1}]}
    path = f"/api/v1/provinces/{tenant.province}/deployments"
    assert operator.http.put(f"{path}/{SHARED}", json=body).status_code == 200
    body = {"versions": [{"version": "1.0.0", "weight": 1, "replicas": 2}]}
    assert operator.http.put(f"{path}/{tenant.capability}", json=body).status_code == 200
    boost = {"replicas": 2, "minutes": 60, "reason": f"reason {tenant.mark}"}
    deployment = f"/provinces/{tenant.province}/deployments/{tenant.capability}"
    _created(operator, f"{deployment}:boost", boost)


def _subscribe(world: World, tenant: Tenant) -> None:
    wanted = {
        "requested": (tenant.other_application, SHARED),
        "active": (tenant.application, SHARED),
        "suspended": (tenant.application, tenant.capability),
    }
    for status, (application, capability) in wanted.items():
        terms = {**TERMS, "purpose": f"purpose {tenant.mark}"}
        body = {"application": application, "capability": capability, **terms}
        identifier = _created(tenant.operator, "/subscriptions", body)["id"]
        tenant.subscriptions[status] = identifier
        if status != "requested":
            assert world.admin.post(f"/subscriptions/{identifier}:approve").status_code == 200
        if status == "suspended":
            assert world.admin.post(f"/subscriptions/{identifier}:suspend").status_code == 200


def records(tenant: Tenant, now: datetime, first: int = 1) -> list[dict[str, Any]]:
    """Return one telemetry record of each kind but profiles, numbered from ``first``."""
    at, hour = now.isoformat(), now.replace(minute=0, second=0, microsecond=0).isoformat()
    usage = {
        "request_id": f"request-{tenant.mark}-{secrets.token_hex(6)}",
        "at": at,
        "application": tenant.application,
        "subscription": tenant.subscriptions["active"],
        "capability": SHARED,
        "version": "1.0.0",
        "status": 200,
        "units": 1,
        "latency_us": 900,
        "request_bytes": 9,
        "response_bytes": 9,
    }
    own = {
        **usage,
        "request_id": f"request-{tenant.mark}-{secrets.token_hex(6)}",
        "subscription": tenant.subscriptions["suspended"],
        "capability": tenant.capability,
    }
    cells = [{"predicted": 1, "actual": 1, "count": 3}, {"predicted": 0, "actual": 1, "count": 1}]
    quality = {
        "capability": tenant.capability,
        "version": "1.0.0",
        "window": hour,
        "predictions": 9,
        "confusion": cells,
    }
    health = {"at": at, "state_revision": 1, "backlog": {f"stream-{tenant.mark}": 1}}
    bodies = [("usage", usage), ("usage", own), ("quality", quality), ("health", health)]
    return [
        {"seq": first + number, "kind": kind, "body": body}
        for number, (kind, body) in enumerate(bodies)
    ]


def _report(world: World, tenant: Tenant) -> None:
    batch = {"stream": "settled", "epoch": 1, "records": records(tenant, world.clock())}
    edge = tenant.edge.identity.edge
    answer = tenant.edge.http.post(f"/api/v1/edges/{edge}/telemetry", json=batch)
    assert answer.status_code == 200, answer.text
    assert tenant.edge.http.get(f"/api/v1/edges/{edge}/desired-state").status_code == 200
    series = Series(tenant.province, tenant.capability, "1.0.0")
    now = world.clock()
    moved = ColumnMovement(f"column-{tenant.mark}", 0.5, 0.01, 0.02, 0.4, moved=True)
    judgement = Judgement(DriftVerdict.DRIFT, now - timedelta(hours=1), now, 500, (moved,))
    with world.database.session() as session:
        store = DriftStore(session)
        store.add(series, Window(now.replace(minute=0), 500, {"image": [0, 0, 0, 0, 500]}), now)
        seen = Standing(series, judgement, now, now)
        store.put(seen, judgement, [])
    with world.database.session() as session:
        cells, spoken_at = join(session, tenant.province, now)
        BoardStore(session).replace(tenant.province, cells, spoken_at, now)


def new_public_key() -> str:
    key = generate_private_key(SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _application(tenant: Tenant, name: str) -> dict[str, str]:
    return {"name": f"{name} {tenant.mark}", "province": tenant.province}


def _created(person: Person, path: str, body: object) -> dict[str, Any]:
    answer = person.post(path, body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
