"""A whole province as `jiuzhou edge` runs it: real gateway, agent, scheduler and instance."""

import base64
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from capability_sdk.contracts.profiles import ReferenceProfile
from capability_sdk.profiling.carrier import from_whylogs
from tests.integration.agent_world import (
    APPLICATION,
    CAPABILITY,
    SignedPackage,
    StandInCenter,
    make_package,
    running_center,
)
from tests.leaks import Canary, LeakScanner
from tests.servers.process import ROOT, free_port
from tests.unit.capability_sdk.serving.packages import digits
from tests.waiting import eventually

PHONE = "13800138000"
EXACT = -7123.456789
RARE = "retinoblastoma"


class Province:
    """``jiuzhou edge run``, and a caller of its gateway."""

    def __init__(self, folder: Path, gateway_port: int, secret: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{gateway_port}"
        self._secret = secret
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "AGENT_PROFILE_FLUSH": "PT2S",
            "AGENT_LONGEST_DELAY": "PT0.5S",
        }
        self.process = subprocess.Popen(
            [*_JIUZHOU, "edge", "run", "--data", str(folder)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def token(self) -> str:
        form = {"grant_type": "client_credentials"}
        answer = httpx.post(f"{self.url}/oauth2/token", data=form, auth=(APPLICATION, self._secret))
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def infer(self, token: str, images: Any, **headers: str) -> httpx.Response:  # noqa: ANN401 - numpy or lists
        rows = [[float(value) for value in image] for image in images]
        tensor = {"name": "pixels", "datatype": "FP32", "shape": [len(rows), 64]}
        body = {"inputs": [{**tensor, "data": [v for row in rows for v in row]}]}
        return httpx.post(
            f"{self.url}/v2/models/{CAPABILITY}/infer",
            json=body,
            headers={"authorization": f"Bearer {token}", **headers},
        )

    def says(self, token: str, items: list[dict[str, Any]]) -> None:
        answer = httpx.post(
            f"{self.url}/v1/feedback",
            json={"items": items},
            headers={"authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 202, answer.text

    def log(self, name: str) -> str:
        return (self.folder / "logs" / f"{name}.log").read_text()


_JIUZHOU = (
    sys.executable,
    "-c",
    (
        "import typer; from edge_gateway.commands import edge; app = typer.Typer();"
        " app.add_typer(edge, name='edge'); app()"
    ),
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> SignedPackage:
    return make_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def center(package: SignedPackage) -> Iterator[StandInCenter]:
    with running_center() as center:
        center.deploy(package)
        yield center


@pytest.fixture(scope="module")
def province(center: StandInCenter) -> Iterator[Province]:
    # A Unix socket's path has at most 107 characters, and pytest's folders have long names.
    with tempfile.TemporaryDirectory(prefix="jz") as name:
        folder, port = Path(name) / "p", free_port()
        code = next(iter(center.codes))
        ports = ["--gateway-port", str(port), "--scheduler-port", str(free_port())]
        enrol = ["enroll", "--center", center.url, "--code", code, "--data", str(folder), *ports]
        said = subprocess.run(
            [*_JIUZHOU, "edge", *enrol],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        )
        assert "Enrolled as edge-zhejiang of zhejiang, epoch 1." in said.stdout
        running = Province(folder, port, center.secret)
        try:
            _wait_until_serving(running, center)
            yield running
        finally:
            _stop(running)


def _wait_until_serving(province: Province, center: StandInCenter) -> None:
    def is_ready() -> bool:
        instances = [i for body in center.bodies("health") for i in body["instances"]]
        return any(instance["health"] == "ready" for instance in instances)

    try:
        eventually(is_ready, 180)
    except AssertionError:
        pytest.fail(province.log("agent") + province.log("scheduler"))


def _stop(province: Province) -> None:
    children = psutil.Process(province.process.pid).children(recursive=True)
    province.process.send_signal(signal.SIGTERM)
    said, _ = province.process.communicate(timeout=60)
    assert province.process.returncode == 0
    assert f"gateway    {province.url}" in said
    assert not [child for child in children if child.is_running()]


def _totals(center: StandInCenter) -> dict[str, int]:
    bodies = center.bodies("quality")
    cells = [cell for body in bodies for cell in body["confusion"]]
    return {
        "predictions": sum(body["predictions"] for body in bodies),
        "right": sum(c["count"] for c in cells if c["predicted"] == c["actual"]),
        "wrong": sum(c["count"] for c in cells if c["predicted"] != c["actual"]),
        "undeclared": sum(c["count"] for c in cells if c["actual"] == 10),
    }


def test_calls_feedback_and_profiles_reach_the_center_as_counts(
    center: StandInCenter, province: Province, package: SignedPackage
) -> None:
    images, labels = digits()
    token = province.token()
    # Of 50 rows each, since a profile of fewer may not leave, however the two are put together.
    answers = [province.infer(token, images[i : i + 50]) for i in (1000, 1050)]
    assert [answer.status_code for answer in answers] == [200] * 2
    said = [
        {"request_id": answer.headers["x-request-id"], "row": row, "truth": int(labels[first + row])}
        for first, answer in zip((1000, 1050), answers, strict=True)
        for row in range(50)
    ]  # fmt: skip
    province.says(token, said)
    province.says(token, [{**item, "truth": "0"} for item in said])

    eventually(lambda: _totals(center)["right"] + _totals(center)["wrong"] == 100)
    predicted = [int(value) for answer in answers for value in answer.json()["outputs"][0]["data"]]
    right = sum(a == b for a, b in zip(predicted, labels[1000:1100].tolist(), strict=True))
    assert _totals(center) == {
        "predictions": 100,
        "right": right,
        "wrong": 100 - right,
        "undeclared": 0,
    }
    ids = {answer.headers["x-request-id"] for answer in answers}
    eventually(lambda: {body["request_id"] for body in center.bodies("usage")} >= ids)
    _assert_profiled(center, province, package, 100)


def _assert_profiled(
    center: StandInCenter, province: Province, package: SignedPackage, rows: int
) -> None:
    eventually(lambda: sum(b["rows"] for b in center.bodies("profile")) == rows)
    digest = package.built.digests.package.removeprefix("sha256:")
    file = province.folder / "packages" / digest / "reference" / "profile.json"
    reference = ReferenceProfile.model_validate_json(file.read_bytes())
    for body in center.bodies("profile"):
        counts = from_whylogs(base64.b64decode(body["profile"]), reference.columns)
        assert sum(counts["label"]) == body["rows"]


def test_M17_no_planted_value_is_in_any_byte_that_leaves(
    center: StandInCenter, province: Province
) -> None:
    images, _ = digits()
    token = province.token()
    before = _totals(center)["undeclared"]
    profiled = sum(body["rows"] for body in center.bodies("profile"))
    rows = [[EXACT, float(PHONE), *image[2:]] for image in images[:60].tolist()]
    answer = province.infer(token, rows, **{"x-client-request-id": PHONE})
    assert answer.status_code == 200
    # The text of a refusal quotes what was sent.
    headers = {"authorization": f"Bearer {token}"}
    wrong = {"inputs": [{"name": PHONE, "datatype": "FP32", "shape": [1], "data": [EXACT]}]}
    for body in (wrong, {"inputs": [{"name": "pixels", "data": [RARE]}]}):
        path = f"{province.url}/v2/models/{CAPABILITY}/infer"
        assert httpx.post(path, json=body, headers=headers).status_code >= 400
    identity = answer.headers["x-request-id"]
    truths = [PHONE, int(PHONE), EXACT, RARE]
    province.says(
        token,
        [{"request_id": identity, "row": row, "truth": truth} for row, truth in enumerate(truths)],
    )
    province.says(token, [{"request_id": f"id-{PHONE}", "row": 0, "truth": RARE}])

    eventually(lambda: _totals(center)["undeclared"] == before + len(truths))
    eventually(lambda: sum(b["rows"] for b in center.bodies("profile")) == profiled + 60)
    canaries = [Canary("phone", PHONE), Canary("exact", EXACT), Canary("rare", RARE)]
    wire = {f"request {n}": content for n, content in enumerate(center.received)}
    assert LeakScanner(canaries).scan(wire) == []


@pytest.mark.parametrize("change", ["other key", "other bytes", "foreign release"])
def test_a_package_that_is_not_what_was_released_is_reported_and_never_run(
    center: StandInCenter,
    province: Province,
    package: SignedPackage,
    tmp_path: Path,
    change: str,
) -> None:
    good = center.state["deployments"]
    other = make_package(tmp_path, "# Another\n")
    key = center.release_key
    if change == "other key":
        center.deploy(SignedPackage(other.built, package.author_key))
    elif change == "other bytes":
        center.deploy(other, content=package.content[:-20])
    else:
        center.release_key = type(key)(key.kid)
        center.deploy(other)
        center.release_key = key
    revision = center.state["revision"]

    def reported() -> list[str]:
        return [
            i["detail"]
            for body in center.bodies("health")
            if body["state_revision"] == revision
            for i in body["instances"]
            if i["id"].endswith("-package")
        ]

    eventually(reported, 180)
    assert set(reported()) == {"package-refused"}
    digest = other.built.digests.package.removeprefix("sha256:")
    assert not (province.folder / "packages" / digest).exists()
    center.change(deployments=good)
    token = province.token()
    images, _ = digits()
    eventually(lambda: province.infer(token, images[:1]).status_code == 200, 60)
