"""A center with people in it, for tests that go through its HTTP interface."""

import base64
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from fastapi import FastAPI
from httpx2 import Response
from pydantic import SecretStr
from starlette.testclient import TestClient

from capability_sdk.contracts.enrolment import EdgeIdentity
from capability_sdk.contracts.tokens import CENTER_ISSUER
from center.access.keys import public_jwk
from center.access.service import ASSERTION_TYPE
from center.app import create_app
from center.database import Database
from center.identity.service.users import create_first_admin
from center.permissions import CENTER
from center.settings import CenterSettings
from tests.center_tables import make_tables

PASSWORD = "a long sentence for tests"
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@dataclass
class Hands:
    """A clock that stands until it is moved."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


class Person:
    """Somebody signed in; each has a cookie jar of their own."""

    def __init__(self, app: FastAPI, name: str, password: str = PASSWORD) -> None:
        self.name = name
        self.http = TestClient(app)
        answer = self.http.post("/api/v1/sessions", json={"name": name, "password": password})
        assert answer.status_code == 201, answer.text
        self.csrf_token: str = answer.json()["csrf_token"]
        self.http.headers["X-CSRF-Token"] = self.csrf_token

    def get(self, path: str, headers: dict[str, str] | None = None) -> Response:
        return self.http.get(f"/api/v1{path}", headers=headers)

    def post(
        self, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Response:
        return self.http.post(f"/api/v1{path}", json=body, headers=headers)

    def delete(self, path: str) -> Response:
        return self.http.delete(f"/api/v1{path}")


@dataclass
class EdgeWorld:
    """An enrolled edge with its private key."""

    app: FastAPI
    clock: Hands
    identity: EdgeIdentity
    key: Any
    http: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.http = TestClient(self.app)

    def assertion(self, **changes: object) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.identity.edge,
            "sub": self.identity.edge,
            "aud": CENTER_ISSUER,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(16),
        }
        content = {k: v for k, v in {**claims, **changes}.items() if v is not None}
        return jwt.encode(content, self.key, "ES256")

    def ask_token(self, assertion: str | None = None) -> Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
        }
        return self.http.post("/oauth2/token", data=form)

    def sign_in(self) -> "EdgeWorld":
        token = self.ask_token().json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"
        return self


@dataclass
class World:
    """A running center over a fresh database, with its first admin."""

    app: FastAPI
    settings: CenterSettings
    clock: Hands
    admin: Person

    @property
    def anonymous(self) -> TestClient:
        return TestClient(self.app)

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    def add_province(self, name: str) -> None:
        body = {"name": name, "titles": {"zh": name, "en": name}}
        answer = self.admin.post("/provinces", body)
        assert answer.status_code == 201, answer.text

    def add_person(
        self,
        name: str,
        role: str,
        organisation: str = CENTER,
        provinces: Sequence[str] | None = None,
    ) -> Person:
        body = {"name": name, "role": role, "organisation": organisation, "provinces": provinces}
        answer = self.admin.post("/users", body)
        assert answer.status_code == 201, answer.text
        accept = {"code": answer.json()["invitation"]["code"], "password": PASSWORD}
        answer = self.anonymous.post("/api/v1/invitations:accept", json=accept)
        assert answer.status_code == 200, answer.text
        return Person(self.app, name)

    def enrol(self, province: str, gateway_url: str = "http://127.0.0.1:8500") -> EdgeWorld:
        answer = self.admin.post(f"/provinces/{province}/enrolment-codes")
        assert answer.status_code == 201, answer.text
        key = generate_private_key(SECP256R1())
        body = {
            "code": answer.json()["code"],
            "public_key": public_jwk(key.public_key()),
            "gateway_url": gateway_url,
        }
        answer = self.anonymous.post("/api/v1/edges", json=body)
        assert answer.status_code == 201, answer.text
        return EdgeWorld(self.app, self.clock, EdgeIdentity.model_validate(answer.json()), key)


@contextmanager
def running_center(url: str, folder: Path, **changes: Any) -> Iterator[World]:  # noqa: ANN401 - any setting
    """Start a center over a database without a row, with or without its tables, and end it."""
    settings = CenterSettings(data=folder / "data", database_url=SecretStr(url), **changes)
    clock = Hands()
    database = Database(url)
    make_tables(database)
    create_first_admin(database, "root", PASSWORD, clock())
    database.close()
    app = create_app(settings, clock=clock)
    with TestClient(app):
        yield World(app, settings, clock, Person(app, "root"))


def decode_part(token: str, part: int) -> bytes:
    """Return one part of a compact JWS, decoded."""
    text = token.split(".")[part]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
