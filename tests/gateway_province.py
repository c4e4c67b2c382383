"""A province for gateway tests: signed state, tokens, real processes."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from capability_sdk.contracts.enrolment import EdgeIdentity
from capability_sdk.contracts.nodes import Endpoint, EndpointList
from capability_sdk.contracts.packages import STATE_TYPE
from capability_sdk.contracts.scaling import ScalingRule
from capability_sdk.contracts.state import (
    ApplicationState,
    DeploymentState,
    DesiredState,
    KeySet,
    SubscriptionState,
    TrialRules,
    VersionShare,
)
from capability_sdk.contracts.tokens import CENTER_ISSUER, TOKEN_TYPE, audience
from capability_sdk.kit.files import write_atomically
from capability_sdk.spool import SpoolReader
from tests.servers.process import accepts, await_ready, free_port

PROVINCE = "zhejiang"
CAPABILITY = "digit-recognition"
APPLICATION = "app-1"
INFER = f"/v2/models/{CAPABILITY}/infer"
INTERNAL_TOKEN = "internal-token-of-this-test"
_DIGEST = "sha256:" + "a" * 64


class Signer:
    """A P-256 key with its id."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self) -> dict[str, Any]:
        """Public half."""
        public = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**public, "kid": self.kid}

    def sign(self, payload: dict[str, Any], typ: str) -> str:
        """Sign a payload as compact JWS."""
        headers = {"typ": typ, "kid": self.kid}
        return jwt.encode(payload, self.key, algorithm="ES256", headers=headers)


class Province:
    """A province's folder, and what a center would put into it."""

    def __init__(self, folder: Path, *, scheduler_port: int = 1) -> None:
        self.folder = folder
        self.scaling: ScalingRule | None = None
        self.state_key = Signer("state-1")
        self.token_key = Signer("token-1")
        self.revision = 0
        self.key_version = 1
        self.token_keys = [self.token_key]
        self.applications = {APPLICATION: True}
        self.subscriptions: dict[str, SubscriptionState] = {}
        self.deployments: dict[str, dict[str, int]] = {CAPABILITY: {"1.0.0": 100}}
        self.revoked: list[str] = []
        self.trials: TrialRules | None = None
        self.lifetime = timedelta(days=7)
        self.port = free_port()
        self.subscribe()
        identity = EdgeIdentity(
            edge="edge-1",
            province=PROVINCE,
            epoch=7,
            zone="Asia/Shanghai",
            audience=audience(PROVINCE),
            state_keys=[self.state_key.jwk],
            release_keys=[],
        ).model_dump(by_alias=True)
        site = {
            "center_url": "http://127.0.0.1:1",
            "gateway_port": self.port,
            "scheduler_port": scheduler_port,
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "edge.json").write_text(json.dumps({**identity, **site}))
        write_atomically(folder / "internal.token", INTERNAL_TOKEN.encode())

    def subscribe(self, application: str = APPLICATION, **changes: Any) -> None:  # noqa: ANN401 - fields of the model
        """Subscribe an application to the capability, with changed fields."""
        fields: dict[str, Any] = {
            "id": f"sub-{application}",
            "application": application,
            "capability": CAPABILITY,
            "active": True,
            "daily_quota": 100_000,
            "rate_per_second": 100_000.0,
            "concurrency": 1000,
        }
        self.subscriptions[application] = SubscriptionState(**{**fields, **changes})

    def document(self, signer: Signer | None = None, **changes: Any) -> bytes:  # noqa: ANN401 - fields of the model
        """Make the next desired state as JWS."""
        self.revision += 1
        now = datetime.now(UTC)
        state = DesiredState(
            province=PROVINCE,
            edge="edge-1",
            epoch=7,
            revision=self.revision,
            issued_at=now,
            expires_at=now + self.lifetime,
            zone="Asia/Shanghai",
            token_keys=KeySet(version=self.key_version, keys=[key.jwk for key in self.token_keys]),
            applications=[
                ApplicationState(
                    client_id=name, name=name, organisation="o", active=active, secret_hashes=[]
                )
                for name, active in self.applications.items()
            ],
            subscriptions=list(self.subscriptions.values()),
            deployments=[
                DeploymentState(
                    capability=name,
                    versions=[_share(*item, self.scaling) for item in shares.items()],
                )
                for name, shares in self.deployments.items()
            ],
            revoked_tokens=self.revoked,
            trials=self.trials,
        )
        payload = {**state.model_dump(mode="json", by_alias=True), **changes}
        return (signer or self.state_key).sign(payload, STATE_TYPE).encode()

    def publish(self) -> None:
        """Put the present desired state into force."""
        write_atomically(self.folder / "state.jws", self.document())

    def place(self, sockets: dict[str, str], capability: str = CAPABILITY) -> None:
        """Write the last good endpoints: version to address."""
        endpoints = [
            Endpoint(instance=f"i-{version}", capability=capability, version=version, address=at)
            for version, at in sockets.items()
        ]
        self.place_endpoints(endpoints)

    def place_endpoints(self, endpoints: list[Endpoint]) -> None:
        """Write the last good endpoints."""
        found = EndpointList(revision=1, endpoints=endpoints)
        (self.folder / "endpoints.json").write_text(found.model_dump_json(by_alias=True))

    def claims(self, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - claims of any type
        """Make the claims of a good token, with changes; None takes a claim away."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": CENTER_ISSUER,
            "aud": audience(PROVINCE),
            "sub": APPLICATION,
            "client_id": APPLICATION,
            "scope": f"infer:{CAPABILITY}",
            "jti": f"jti-{os.urandom(8).hex()}",
            "iat": now,
            "exp": now + 900,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, signer: Signer | None = None, **changes: Any) -> str:  # noqa: ANN401 - claims of any type
        """Mint a token."""
        return (signer or self.token_key).sign(self.claims(**changes), TOKEN_TYPE)

    def application_token(self, application: str) -> str:
        """Mint a token of another application."""
        return self.token(sub=application, client_id=application)

    def usage(self) -> list[dict[str, Any]]:
        """Read all usage records that the gateway spooled."""
        reader = SpoolReader(self.folder / "spool" / "usage-0")
        return [
            json.loads(record.payload)
            for epoch in reader.epochs()
            for record in reader.read(epoch, 0, 1_000_000)
        ]

    def turned_away(self, application: str = APPLICATION) -> int:
        """Add up the calls of an application that the gateway wrote down as turned away."""
        found = [item for item in self.usage() if item["application"] == application]
        return sum(item.get("turned_away", 0) for item in found)


class Gateway:
    """A gateway process that can be killed and started again."""

    def __init__(
        self,
        province: Province,
        *options: str,
        module: str = "edge_gateway.gateway",
        environment: dict[str, str] | None = None,
    ) -> None:
        self.province = province
        self._module = module
        self._environment = {**os.environ, **(environment or {})}
        self.url = f"http://127.0.0.1:{province.port}"
        self.log = province.folder / "gateway.log"
        self._options = options
        self.process: Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [
            *(sys.executable, "-W", "error", "-m", self._module),
            *("--data", str(self.province.folder), "--port", str(self.province.port)),
            *self._options,
        ]
        with self.log.open("ab") as log:
            self.process = Popen(command, stdout=log, stderr=log, env=self._environment)
        await_ready(self.process, lambda: accepts(self.province.port), self.log)

    def stop(self) -> int:
        """Stop it with SIGTERM; return its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(60)

    def kill(self) -> None:
        """End it with SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@contextmanager
def running_gateway(
    province: Province,
    *options: str,
    module: str = "edge_gateway.gateway",
    environment: dict[str, str] | None = None,
) -> Iterator[Gateway]:
    """Run a gateway for the length of a ``with`` block."""
    gateway = Gateway(province, *options, module=module, environment=environment)
    gateway.start()
    try:
        yield gateway
    finally:
        if gateway.process is not None and gateway.process.poll() is None:
            gateway.stop()


class Peers:
    """Instances and an agent, as processes."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self.processes: dict[str, Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def instance(self, version: str = "1.0.0", name: str = "") -> str:
        """Start an instance, named after its version if it has no name; return its address."""
        name = name or version
        socket = self._folder / f"{name}.sock"
        (self._folder / f"{name}.seen").touch()
        environment = {
            "INSTANCE_VERSION": version,
            "INSTANCE_LOG": str(self._folder / f"{name}.seen"),
        }
        self.processes[name] = self._start("instance", socket, environment)
        return f"unix:{socket}"

    def seen(self, name: str = "1.0.0") -> list[str]:
        """Read what an instance was asked: ``id method path``, one a line."""
        return (self._folder / f"{name}.seen").read_text().splitlines()

    def agent(self, province: Province) -> "Popen[bytes]":
        """Start an agent at the province's socket."""
        socket = province.folder / "agent.sock"
        return self._start("agent", socket, {"AGENT_TOKEN": INTERNAL_TOKEN})

    def _start(self, name: str, socket: Path, environment: dict[str, str]) -> "Popen[bytes]":
        log = self._folder / f"{socket.name}.log"
        command = [
            *(sys.executable, "-m", "uvicorn", f"tests.servers.edge_peers:{name}"),
            *("--uds", str(socket), "--loop", "uvloop", "--log-level", "warning"),
        ]
        with log.open("ab") as output:
            process = Popen(
                command, stdout=output, stderr=output, env={**os.environ, **environment}
            )
        self._stack.callback(_end, process)
        await_ready(process, socket.exists, log)
        return process


def _end(process: "Popen[bytes]") -> None:
    process.terminate()
    process.wait(60)


def _share(version: str, weight: int, scaling: ScalingRule | None) -> VersionShare:
    return VersionShare(
        version=version,
        weight=weight,
        scaling=scaling,
        package_digest=_DIGEST,
        code_digest=_DIGEST,
        weights_digest=_DIGEST,
        release="release",
    )


def bearer(token: str) -> dict[str, str]:
    """Make the header of a token."""
    return {"authorization": f"Bearer {token}"}


def infer(client: httpx.Client, token: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - options of httpx
    """Call the capability."""
    headers = {**bearer(token), **options.pop("headers", {})}
    body = options.pop("json", {"inputs": []})
    return client.post(options.pop("path", INFER), json=body, headers=headers, **options)


def kind(answer: httpx.Response) -> tuple[int, str]:
    """Return the status of a refusal, and its cause."""
    return answer.status_code, str(answer.json()["type"]).removeprefix("/problems/")
