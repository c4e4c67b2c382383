"""The walk: from training to two provinces' drift and accuracy, as its four kinds of people."""

import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from capability_sdk.client import ApiProblem, CenterClient, GatewayClient
from capability_sdk.packaging import signing
from capability_sdk.packaging.builder import build_package
from deploy.showcase.digits import CAPABILITY, Called, call_all, load_images, send_feedback
from deploy.showcase.scene import DemoApplication, DemoProvince, Person, Scene
from deploy.showcase.waiting import wait_for

SEED: Final = 7
APPLICATION: Final = "cheque-reader"
_TRAINER = Path(__file__).parents[2] / "examples" / "digit_recognition" / "train.py"


@dataclass(frozen=True, slots=True)
class _Desk:
    """The signed-in people of the walk."""

    engineer: CenterClient
    admin: CenterClient
    operators: dict[str, CenterClient]


def run(scene: Scene) -> list[DemoApplication]:
    """Walk the showcase; every step says what it did and what came of it.

    Returns:
        The applications that it registered, one a province.

    Raises:
        ApiProblem: A step was refused that should not be.
        TookTooLong: Something did not arrive.
    """
    with ExitStack() as stack:

        def sign_in(person: Person) -> CenterClient:
            return stack.enter_context(scene.sign_in(person))

        desk = _Desk(
            engineer=sign_in(scene.engineer),
            admin=sign_in(scene.admin),
            operators={p.name: sign_in(p.operator) for p in scene.provinces},
        )
        version = _publish(scene, desk)
        _review(scene, desk, version)
        applications = [_subscribe(scene, desk, province) for province in scene.provinces]
        _deploy(scene, desk, version, applications)
        called = _call(scene, applications)
        _look_back(scene, desk, called)
    return applications


def _publish(scene: Scene, desk: _Desk) -> str:
    say = scene.say
    say(f"1. {scene.engineer.name} (engineer) trains {CAPABILITY} on real handwritten digits …")
    command = [sys.executable, str(_TRAINER), "--out", str(scene.folder), "--seed", str(SEED)]
    trained = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - own script
    say(f"   {trained.stdout.strip().splitlines()[-1]}")
    key = scene.folder / "signing.pem"
    if not key.exists():
        signing.generate_key(key)
    package = build_package(
        scene.folder / CAPABILITY, scene.folder / "package.tar.gz", signing_key=key
    )
    version = package.manifest.version
    path = f"/capabilities/{CAPABILITY}/versions/{version}"
    with _done_before("name-taken"):
        desk.engineer.post("/signing-keys", {"public_key_pem": signing.public_key_pem(key)})
    with _done_before("version-exists"):
        desk.engineer.upload_package(package.path)
    say(f"2. uploaded {CAPABILITY} {version}, signed; the publish gate tests it …")

    def gated() -> dict[str, Any] | None:
        now = desk.engineer.get(path)
        return None if now["stage"] == "gating" else now

    stage = wait_for("the publish gate", gated)["stage"]
    checks = desk.engineer.get(f"{path}/gate-report")["checks"]
    say(f"   {stage}: {sum(c['passed'] for c in checks)} of {len(checks)} checks passed")
    if stage == "gated":
        desk.engineer.post(f"{path}:request-review")
    return version


@contextmanager
def _done_before(code: str) -> Iterator[None]:
    """Let a walk that was interrupted go on: what it did already is refused by this code."""
    try:
        yield
    except ApiProblem as problem:
        if problem.code != code:
            raise


def _review(scene: Scene, desk: _Desk, version: str) -> None:
    path = f"/capabilities/{CAPABILITY}/versions/{version}"
    review = desk.admin.get(f"{path}/review")
    digest = review["version"]["digests"]["package"]
    checked = [item["id"] for item in review["checklist"]]
    approval = {"package_digest": digest, "comment": "Gate report read.", "checked": checked}
    try:
        desk.engineer.post(f"{path}:approve", approval)
    except ApiProblem as refusal:
        scene.say(f"3. {scene.engineer.name} may not approve an own version ({refusal.code})")
    else:
        raise AssertionError("An author approved an own version.")
    with _done_before("illegal-stage"):
        desk.admin.post(f"{path}:approve", approval)
    stage = desk.admin.get(path)["stage"]
    scene.say(f"   {scene.admin.name} (center admin) approves {digest[:19]}…: {stage}")


def _subscribe(scene: Scene, desk: _Desk, province: DemoProvince) -> DemoApplication:
    operator = desk.operators[province.name]
    application = _register_application(operator, province.name)
    wanted = {
        "application": application.client_id,
        "capability": CAPABILITY,
        "daily_quota": 100_000,
        "rate_per_second": 1000.0,
        "concurrency": 64,
        "purpose": "Reads the amount on cheques.",
    }
    with _done_before("subscription-exists"):
        operator.post("/subscriptions", wanted)
    for subscription in operator.pages("/subscriptions", status="requested"):
        desk.admin.post(f"/subscriptions/{subscription['id']}:approve")
    scene.say(
        f"4. {province.operator.name} ({province.name}) subscribes; {scene.admin.name} approves"
    )
    return application


def _register_application(operator: CenterClient, province: str) -> DemoApplication:
    try:
        made = operator.post("/applications", {"name": APPLICATION, "province": province})
    except ApiProblem as problem:
        if problem.code != "name-taken":
            raise
        # An interrupted walk made it; its secret was shown once, so it gets a new one.
        known = next(a for a in operator.pages("/applications") if a["name"] == APPLICATION)
        path = f"/applications/{known['client_id']}/secrets"
        for secret in known["secrets"]:
            operator.delete(f"{path}/{secret['id']}")
        made = {"client_id": known["client_id"], **operator.post(path)}
    return DemoApplication(made["client_id"], made["client_secret"], province)


def _deploy(scene: Scene, desk: _Desk, version: str, applications: list[DemoApplication]) -> None:
    share = {"version": version, "weight": 1, "replicas": 1}
    for province in scene.provinces:
        path = f"/provinces/{province.name}/deployments/{CAPABILITY}"
        desk.operators[province.name].put(path, {"versions": [share]})
    scene.say("5. both provinces deploy it …")
    for province, application in zip(scene.provinces, applications, strict=True):
        with _gateway(province, application) as gateway:

            def serving(gateway: GatewayClient = gateway) -> dict[str, Any] | None:
                try:
                    return gateway.metadata(CAPABILITY)
                except ApiProblem:
                    return None

            wait_for(f"{CAPABILITY} in {province.name}", serving)
        scene.say(f"   {province.name} serves {CAPABILITY} at {province.gateway_url}")


def _gateway(province: DemoProvince, application: DemoApplication) -> GatewayClient:
    return GatewayClient(province.gateway_url, application.client_id, application.client_secret)


def _call(scene: Scene, applications: list[DemoApplication]) -> dict[str, Called]:
    images = load_images(scene.folder / "held_back.json")
    called = {}
    for province, application in zip(scene.provinces, applications, strict=True):
        scanner = f"a scanner with noise of sd {province.noise:g}" if province.noise else "clean"
        scene.say(
            f"6. {province.name} calls with {len(images.labels)} held-back images ({scanner}) …"
        )
        with _gateway(province, application) as gateway:
            called[province.name] = call_all(gateway, images.scanned(province.noise))
            send_feedback(gateway, called[province.name])
    return called


def _look_back(scene: Scene, desk: _Desk, called: dict[str, Called]) -> None:
    scene.say("7. what the center sees, from counts alone:")
    for province in scene.provinces:
        mine = called[province.name]
        quality = wait_for(
            f"the quality of {province.name}",
            partial(_quality, desk.admin, province.name, len(mine.labels)),
        )
        drift = wait_for(
            f"the drift verdict of {province.name}",
            partial(_verdict, desk.admin, province.name),
        )
        same = _compared(quality, mine)
        scene.say(
            f"   {province.name}: {drift['verdict']} ({drift['columns_moved']} columns moved,"
            f" n {drift['rows']}); accuracy {quality['accuracy']:.4f},"
            f" {same} the caller's own {mine.accuracy:.4f}"
        )
    rows = wait_for("the usage of every call", partial(_usage, desk.admin, called))
    total = sum(row["calls"] for row in rows)
    scene.say(
        f"8. usage: {total} calls counted, {sum(len(c.labels) for c in called.values())} made"
    )


def _compared(quality: dict[str, Any], mine: Called) -> str:
    if quality["labelled"] > len(mine.labels):
        return "over more calls than"  # an interrupted walk called as well
    return "equal to" if math.isclose(quality["accuracy"], mine.accuracy) else "NOT equal to"


def _quality(admin: CenterClient, province: str, labelled: int) -> dict[str, Any] | None:
    rows = admin.get("/quality", capability=CAPABILITY, province=province)["items"]
    return next((row for row in rows if row["labelled"] >= labelled), None)


def _verdict(admin: CenterClient, province: str) -> dict[str, Any] | None:
    rows = admin.get("/drift", capability=CAPABILITY, province=province)["items"]
    return next((row for row in rows if row["verdict"] != "learning"), None)


def _usage(admin: CenterClient, called: dict[str, Called]) -> list[dict[str, Any]] | None:
    items = admin.get("/usage", by="province,capability")["items"]
    # The proving edge's calls, those of the gate, are counted as well.
    rows = [row for row in items if row["province"] in called]
    made = sum(len(c.labels) for c in called.values())
    return rows if sum(row["calls"] for row in rows) >= made else None
