"""The steps of the walk, as fixtures: each brings the platform or the capability further."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from deploy.showcase.digits import Called, Images, call_all, load_images, send_feedback
from tests.e2e.harness import ROOT, Person, eventually, running
from tests.e2e.platform import (
    NAME,
    PROVINCES,
    Application,
    Platform,
    gateway,
    invite,
    join,
    metadata_or_none,
    sign_in,
    status,
    subscribe,
)
from tests.servers.process import free_port
from tests.waiting import within_the_hour

TRAINER = ROOT / "examples" / "digit_recognition" / "train.py"
NOISE = {"zhejiang": 0.0, "guizhou": 4.0}
_HOUR_SECONDS = 90.0
"""What the calls of both provinces take on a busy machine: drift is judged hour by hour."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("p")
    with ExitStack() as stack:
        base = free_port()
        stack.enter_context(
            running(
                folder / "up.log",
                *("up", "--no-showcase", "--data", str(folder / "center")),
                *("--port-base", str(base)),
            )
        )
        center = eventually("the platform", lambda: status(folder))["center"]["url"]
        password = secrets.token_urlsafe(16)
        data = str(folder / "center" / "center")
        Person(folder / "homes" / "nobody").does(
            *("admin", "create", "li-na", "--data", data, "--password-file", "-"), stdin=password
        )
        admin = sign_in(folder, center, "li-na", password)
        gateways = {
            name: join(stack, admin, folder, center, name, zh) for name, zh in PROVINCES.items()
        }
        yield Platform(
            folder=folder,
            center=center,
            gateways=gateways,
            admin=admin,
            engineer=invite(admin, folder, center, "wang-wei", "engineer", "center"),
            operators={
                name: invite(admin, folder, center, f"operator-{name}", "operator", name)
                for name in PROVINCES
            },
        )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    subprocess.run(
        [sys.executable, TRAINER, "--out", folder, "--seed", "7"], check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def images(project: Path) -> Images:
    return load_images(project / "held_back.json")


@pytest.fixture(scope="module")
def in_review(platform: Platform, project: Path) -> dict[str, Any]:
    view: dict[str, Any] = platform.engineer.reads("publish", str(project / NAME))
    return view


@pytest.fixture(scope="module")
def published(platform: Platform, in_review: dict[str, Any]) -> dict[str, Any]:
    queue = platform.admin.reads("review")
    assert [row["name"] for row in queue] == [NAME]
    view: dict[str, Any] = platform.admin.reads(
        *("approve", "version", NAME, in_review["version"]), "--all-checked"
    )
    return view


@pytest.fixture(scope="module")
def requested(platform: Platform, published: dict[str, Any]) -> dict[str, Application]:
    assert published["stage"] == "published"
    limits = ("--rate", "2000", "--concurrency", "64")
    return {
        name: subscribe(platform.operators[name], name, "cheque-reader", *limits)
        for name in PROVINCES
    }


@pytest.fixture(scope="module")
def approved(platform: Platform, requested: dict[str, Application]) -> dict[str, Application]:
    for application in requested.values():
        platform.admin.does("approve", "subscription", application.subscription)
    return requested


@pytest.fixture(scope="module")
def serving(
    platform: Platform, approved: dict[str, Application], published: dict[str, Any]
) -> dict[str, Application]:
    for name, operator in platform.operators.items():
        operator.does(*("deploy", NAME, "--province", name, "--version", published["version"]))
    for name, application in approved.items():
        with gateway(platform, name, application) as client:
            eventually(f"{NAME} in {name}", partial(metadata_or_none, client))
    return approved


@pytest.fixture(scope="module")
def access_token(platform: Platform, serving: dict[str, Application]) -> str:
    with gateway(platform, "zhejiang", serving["zhejiang"]) as client:
        return client.token()


@pytest.fixture
def bearer(access_token: str) -> dict[str, str]:
    # A fresh one for each test: tritonclient writes headers of its own into it.
    return {"authorization": f"Bearer {access_token}"}


@pytest.fixture(scope="module")
def called(
    platform: Platform, serving: dict[str, Application], images: Images
) -> dict[str, Called]:
    results = {}
    within_the_hour(_HOUR_SECONDS)
    for name, application in serving.items():
        with gateway(platform, name, application) as client:
            results[name] = call_all(client, images.scanned(NOISE[name]))
            send_feedback(client, results[name])
    return results
