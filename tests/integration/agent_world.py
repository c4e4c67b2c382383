"""A stand-in center that speaks the contract over real HTTP, and packages for it."""

import asyncio
import contextlib
import gzip
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from capability_sdk.contracts.enrolment import EdgeIdentity
from capability_sdk.contracts.packages import RELEASE_TYPE, STATE_TYPE, Release
from capability_sdk.contracts.state import DeploymentState, VersionShare
from capability_sdk.contracts.tokens import TOKEN_TYPE, audience
from capability_sdk.packaging.builder import BuiltPackage, build_package
from capability_sdk.packaging.signing import generate_key, public_key_pem
from edge_gateway.agent.enrolment import Enrolment, enrol, public_jwk
from tests.servers.process import free_port
from tests.unit.capability_sdk.serving.packages import digits_sample, write_digits_package
from tests.waiting import eventually

APPLICATION, SUBSCRIPTION, CAPABILITY = "app-1", "sub-1", "digit-recognition"


class Key:
    """A signing key of the center, with its public half as a JWK."""

    def __init__(self, kid: str) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.kid = kid
        self.jwk = {**public_jwk(self.private), "kid": kid}

    def sign(self, payload: bytes, typ: str) -> str:
        headers = {"typ": typ, "kid": self.kid}
        return jwt.PyJWS().encode(payload, self.private, algorithm="ES256", headers=headers)


@dataclass
class SignedPackage:
    """A package as its author made it."""

    built: BuiltPackage
    author_key: str

    @property
    def content(self) -> bytes:
        return self.built.path.read_bytes()


def make_package(folder: Path, readme: str = "# Digits\n") -> SignedPackage:
    """Train, package and sign a recogniser of real digits."""
    project = write_digits_package(folder / "project")
    (project / "README.md").write_text(readme)
    (project / "samples").mkdir()
    (project / "samples" / "nought.json").write_text(json.dumps(digits_sample()))
    generate_key(folder / "author.pem")
    built = build_package(project, folder / "package.tar.gz", signing_key=folder / "author.pem")
    return SignedPackage(built, public_key_pem(folder / "author.pem"))


@dataclass
class StandInCenter:
    """Everything that a center says to one edge; tests change it and read what came."""

    port: int = field(default_factory=free_port)
    codes: set[str] = field(default_factory=lambda: {"code-" + "a" * 20})
    province: str = "zhejiang"
    state_key: Key = field(default_factory=lambda: Key("state-1"))
    release_key: Key = field(default_factory=lambda: Key("release-1"))
    token_key: Key = field(default_factory=lambda: Key("token-1"))
    state: dict[str, Any] = field(default_factory=dict)
    packages: dict[str, bytes] = field(default_factory=dict)
    applied: dict[tuple[str, int], int] = field(default_factory=dict)
    records: dict[tuple[str, int, int], dict[str, Any]] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)
    bearers: set[str] = field(default_factory=set)
    assertions: int = 0
    epoch: int = 0
    drop_answers: int = 0
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    relay_delay: float = 0.0

    def __post_init__(self) -> None:
        self.edge_key: dict[str, Any] | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._applying = threading.Lock()
        self.state = {
            "province": self.province,
            "edge": f"edge-{self.province}",
            "revision": 1,
            "zone": "Asia/Shanghai",
            "token_keys": {"version": 1, "keys": [self.token_key.jwk]},
            "applications": [
                {
                    "client_id": APPLICATION,
                    "name": "Bank",
                    "organisation": "bank",
                    "active": True,
                    "secret_hashes": [],
                }
            ],
            "subscriptions": [
                {
                    "id": SUBSCRIPTION,
                    "application": APPLICATION,
                    "capability": CAPABILITY,
                    "active": True,
                    "daily_quota": 10_000,
                    "rate_per_second": 1000,
                    "concurrency": 50,
                }
            ],
            "deployments": [],
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def change(self, **members: Any) -> None:  # noqa: ANN401 - members of a JSON document
        self.state = {**self.state, **members, "revision": self.state["revision"] + 1}

    def deploy(self, package: SignedPackage, *, content: bytes | None = None) -> None:
        manifest, digests = package.built.manifest, package.built.digests
        release = Release(
            capability=manifest.name,
            version=manifest.version,
            manifest=manifest,
            digests=digests,
            author="ann",
            author_key=package.author_key,
            approved_by="bob",
            approved_at=datetime.now(UTC),
        )
        self.packages[f"{manifest.name}/{manifest.version}"] = content or package.content
        share = VersionShare(
            version=manifest.version,
            weight=1,
            package_digest=digests.package,
            code_digest=digests.code,
            weights_digest=digests.weights,
            release=self.release_key.sign(
                release.model_dump_json(by_alias=True).encode(), RELEASE_TYPE
            ),
        )
        deployment = DeploymentState(capability=manifest.name, versions=[share])
        self.change(deployments=[deployment.model_dump(mode="json")])

    def document(self) -> str:
        now = datetime.now(UTC)
        times = {"issued_at": now.isoformat(), "expires_at": (now + timedelta(days=1)).isoformat()}
        whole = {"schema": 1, **self.state, "epoch": self.epoch, **times, "complete": True}
        return self.state_key.sign(json.dumps(whole).encode(), STATE_TYPE)

    def lose_telemetry(self, after: int = 0) -> None:
        """Forget what every stream brought after a record, as a center from a backup has."""
        with self._applying:
            self.applied = {key: min(last, after) for key, last in self.applied.items()}
            self.records = {key: body for key, body in self.records.items() if key[2] <= after}

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        """Bodies of the applied records of a kind."""
        return [r["body"] for r in list(self.records.values()) if r["kind"] == kind]

    def start(self) -> None:
        config = uvicorn.Config(self._app(), port=self.port, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        server = self._server
        eventually(lambda: server.started)

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join()  # its port is bound until then
        self._server = None

    def _app(self) -> Starlette:
        edge = "/api/v1/edges/{edge}"
        package = "/api/v1/capabilities/{name}/versions/{version}/package"
        return Starlette(
            routes=[
                Route("/api/v1/edges", self._enrol, methods=["POST"]),
                Route("/oauth2/token", self._edge_token, methods=["POST"]),
                Route("/health/ready", lambda _: Response()),
                Route(f"{edge}/tokens", self._relay, methods=["POST"]),
                Route(f"{edge}/telemetry", self._telemetry, methods=["POST"]),
                Route(f"{edge}/desired-state", self._desired_state),
                Route(package, self._package),
            ]
        )

    async def _keep(self, request: Request) -> bytes:
        body = await request.body()
        head = " ".join([str(request.url), *(f"{k}={v}" for k, v in request.headers.items())])
        self.received += [head.encode(), body]
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
            self.received.append(body)
        return body

    def _knows(self, request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.bearers

    async def _enrol(self, request: Request) -> Response:
        asked = json.loads(await self._keep(request))
        if asked["code"] not in self.codes:
            return _problem(403, "code-refused", "The code is unknown, used or expired.")
        self.codes.discard(asked["code"])
        self.edge_key, self.epoch = asked["public_key"], self.epoch + 1
        identity = EdgeIdentity(
            edge=f"edge-{self.province}",
            province=self.province,
            epoch=self.epoch,
            zone="Asia/Shanghai",
            audience=audience(self.province),
            state_keys=[self.state_key.jwk],
            release_keys=[self.release_key.jwk],
        )
        return JSONResponse(identity.model_dump(mode="json", by_alias=True), 201)

    async def _edge_token(self, request: Request) -> Response:
        form = dict(parse_qsl((await self._keep(request)).decode()))
        self.assertions += 1
        try:
            key = jwt.PyJWK(self.edge_key or {}).key
            jwt.decode(
                form["client_assertion"],
                key,
                algorithms=["ES256"],
                audience="urn:jiuzhou:center",
            )
        except jwt.PyJWTError:
            return _problem(401, "invalid-client", "The client is not known.")
        bearer = secrets.token_urlsafe(24)
        self.bearers.add(bearer)
        return JSONResponse(
            {"access_token": bearer, "token_type": "Bearer", "expires_in": 900, "scope": ""}
        )

    async def _relay(self, request: Request) -> Response:
        asked = json.loads(await self._keep(request))
        await asyncio.sleep(self.relay_delay)
        if not self._knows(request):
            return _problem(401, "not-authenticated", "Sign in.")
        if (asked["client_id"], asked["client_secret"]) != (APPLICATION, self.secret):
            return _problem(401, "invalid-client", "The client is not known.")
        if asked["scope"] not in ("", f"infer:{CAPABILITY}"):
            why = {"reason": "suspended", "cure": "Ask an admin of the center to resume it."}
            return _problem(403, "capability-not-granted", "No subscription to that.", **why)
        now = int(time.time())
        claims = {
            "iss": "urn:jiuzhou:center",
            "aud": audience(self.province),
            "sub": APPLICATION,
            "client_id": APPLICATION,
            "scope": f"infer:{CAPABILITY}",
            "jti": secrets.token_hex(8),
            "iat": now,
            "exp": now + 600,
        }
        token = self.token_key.sign(json.dumps(claims).encode(), TOKEN_TYPE)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 600}
        return JSONResponse({**answer, "scope": claims["scope"]})

    async def _telemetry(self, request: Request) -> Response:
        batch = json.loads(await self._keep(request))
        if not self._knows(request):
            return _problem(401, "not-authenticated", "Sign in.")
        key = (batch["stream"], batch["epoch"])
        with self._applying:
            applied = self.applied.get(key, 0)
            if batch["records"][0]["seq"] > applied + 1:
                return _problem(409, "telemetry-gap", "A gap.", applied_through=applied)
            for record in batch["records"]:
                if record["seq"] > applied:
                    self.records[(*key, record["seq"])] = record
                    applied = record["seq"]
            self.applied[key] = applied
        if self.drop_answers:
            self.drop_answers -= 1
            return _problem(503, "unavailable", "The answer is lost.")
        return JSONResponse({"applied_through": applied})

    async def _desired_state(self, request: Request) -> Response:
        await self._keep(request)
        if not self._knows(request):
            return _problem(401, "not-authenticated", "Sign in.")
        after = int(request.query_params["after"])
        # No heartbeat comes from here, so no wait is longer than an agent bears silence.
        end = time.monotonic() + min(float(request.query_params["wait"]), 1.0)
        server = self._server
        while self.state["revision"] <= after:
            if time.monotonic() > end or server is None or server.should_exit:
                return Response(status_code=204)
            await asyncio.sleep(0.02)
        return Response(self.document(), media_type="application/jose")

    async def _package(self, request: Request) -> Response:
        await self._keep(request)
        if not self._knows(request):
            return _problem(401, "not-authenticated", "Sign in.")
        name = "{name}/{version}".format(**request.path_params)
        return Response(self.packages[name], media_type="application/gzip")


def _problem(status: int, code: str, detail: str, **members: object) -> JSONResponse:
    body = {"type": f"/problems/{code}", "title": detail, "status": status, "detail": detail}
    return JSONResponse({**body, **members, "error": detail}, status)


def enrol_province(center: StandInCenter, folder: Path) -> Path:
    enrol(Enrolment(center.url, next(iter(center.codes)), folder, free_port(), free_port()))
    return folder


@contextlib.contextmanager
def running_center() -> Iterator[StandInCenter]:
    center = StandInCenter()
    center.start()
    try:
        yield center
    finally:
        center.stop()
