"""An empty platform with two provinces, set up by hand through the command line; who uses it."""

import json
import re
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from capability_sdk.client import ApiProblem, CenterClient, GatewayClient
from tests.e2e.harness import Person, eventually, running
from tests.servers.process import free_port

NAME = "digit-recognition"
PROVINCES = {"zhejiang": "浙江", "guizhou": "贵州"}


@dataclass(frozen=True)
class Platform:
    """A running platform and the people who set it up."""

    folder: Path
    center: str
    gateways: dict[str, str]
    admin: Person
    engineer: Person
    operators: dict[str, Person]


def sign_in(
    folder: Path, center: str, name: str, password: str, invitation: str | None = None
) -> Person:
    person = Person(folder / "homes" / name)
    invited = ["--invitation", invitation] if invitation else []
    person.does(
        *("login", "--center", center, "--name", name, "--password-file", "-", *invited),
        stdin=password,
    )
    return person


def invite(admin: Person, folder: Path, center: str, name: str, role: str, at: str) -> Person:
    view = admin.reads("user", "invite", name, "--role", role, "--organisation", at)
    password = secrets.token_urlsafe(16)
    return sign_in(folder, center, name, password, view["invitation"]["code"])


def status(folder: Path) -> dict[str, Any] | None:
    outcome = Person(folder / "homes" / "nobody").tries(
        "status", "--json", "--data", str(folder / "center")
    )
    if outcome.code != 0 or not outcome.json["ready"]:
        return None
    found: dict[str, Any] = outcome.json
    return found


def join(stack: ExitStack, admin: Person, folder: Path, center: str, name: str, zh: str) -> str:
    """Create a province, enrol it with nothing but URL and code, run it; returns its gateway."""
    admin.does("province", "create", name, "--zh", zh, "--en", name.capitalize())
    code = admin.reads("province", "code", name)["code"]
    data = str(folder / name)
    somebody = Person(folder / "homes" / "nobody")
    ports = ("--gateway-port", str(free_port()), "--scheduler-port", str(free_port()))
    somebody.does("edge", "enroll", "--center", center, "--code", code, "--data", data, *ports)
    log = folder / f"{name}.log"
    # The demo's pace: a province in production sends profiles once a minute.
    stack.enter_context(
        running(log, "edge", "run", "--data", data, environment={"AGENT_PROFILE_FLUSH": "PT2S"})
    )

    def address() -> str | None:
        found = re.search(r"^gateway +(http://\S+)", log.read_text(), re.MULTILINE)
        return found[1] if found and _is_ready(found[1]) else None

    return eventually(f"the gateway of {name}", address)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False).is_success
    except httpx.HTTPError:
        return False


@dataclass(frozen=True)
class Application:
    client_id: str
    client_secret: str
    subscription: str


def subscribe(operator: Person, province: str, name: str, *limits: str) -> Application:
    """Create an application and ask for its subscription."""
    created = operator.reads("application", "create", name, "--province", province)
    subscription = operator.reads(
        *("subscribe", NAME, "--application", created["client_id"], "--purpose", "cheques"),
        *limits,
    )
    return Application(created["client_id"], created["client_secret"], subscription["id"])


def subscribed(platform: Platform, province: str, name: str, *limits: str) -> Application:
    """Create an application whose subscription is approved."""
    application = subscribe(platform.operators[province], province, name, *limits)
    platform.admin.does("approve", "subscription", application.subscription)
    return application


def center_client(person: Person) -> CenterClient:
    """Speak to the center as somebody who signed in at a terminal."""
    account = json.loads((person.home / "account.json").read_text())
    return CenterClient(account["center"], account["token"])


def gateway(platform: Platform, province: str, application: Application) -> GatewayClient:
    return GatewayClient(
        platform.gateways[province], application.client_id, application.client_secret
    )


def metadata_or_none(client: GatewayClient) -> dict[str, Any] | None:
    try:
        return client.metadata(NAME)
    except ApiProblem:
        return None
