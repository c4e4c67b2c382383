"""The whole way of a capability, walked by three people and a calling system.

Each fixture is a step; the tests beside it are what a person sees at that moment, above all every
refusal on the way. pytest runs them in the order of this file.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tritonclient.http as oip
from tritonclient.utils import InferenceServerException

from capability_sdk.client import ApiProblem
from deploy.showcase.digits import Called, Images, call_all
from edge_gateway.agent.egress import LEAST_ROWS
from tests.e2e.flooding import flood, source_in_alarm
from tests.e2e.harness import Person, eventually
from tests.e2e.platform import (
    NAME,
    PROVINCES,
    Application,
    Platform,
    gateway,
    metadata_or_none,
    subscribed,
)


def test_a_broken_package_is_named_break_by_break(platform: Platform, project: Path) -> None:
    broken = project / "broken"
    subprocess.run(["cp", "-r", project / NAME, broken], check=True)
    manifest = broken / "capability.toml"
    manifest.write_text(manifest.read_text().replace('datatype = "FP32"', 'datatype = "FP33"', 1))

    outcome = platform.engineer.tries("publish", str(broken))

    assert outcome.code == 1
    assert "datatype" in outcome.err


def test_a_published_version_waits_for_a_review(in_review: dict[str, Any]) -> None:
    assert in_review["stage"] == "in_review"


def test_the_same_version_cannot_be_uploaded_twice(
    platform: Platform, project: Path, in_review: dict[str, Any]
) -> None:
    outcome = platform.engineer.tries("publish", str(project / NAME))

    assert outcome.code == 1
    assert f"409 {'version-exists'}" in outcome.err
    assert in_review["version"] in outcome.err


def test_an_author_may_not_approve_an_own_version(
    platform: Platform, in_review: dict[str, Any]
) -> None:
    outcome = platform.engineer.tries(
        *("approve", "version", NAME, in_review["version"]), "--all-checked"
    )

    assert outcome.code == 1
    assert "403" in outcome.err


def test_an_operator_does_not_find_it_before_it_is_published(
    platform: Platform, in_review: dict[str, Any]
) -> None:
    rows = platform.operators["zhejiang"].reads("store")

    assert in_review["name"] not in [row["name"] for row in rows]


def test_an_operator_finds_it_by_a_chinese_word(
    platform: Platform, published: dict[str, Any]
) -> None:
    rows = platform.operators["guizhou"].reads("store", "数字")

    assert [(row["name"], row["stage"]) for row in rows] == [(NAME, published["stage"])]


def test_an_unapproved_subscription_gets_no_token(
    platform: Platform, requested: dict[str, Application]
) -> None:
    def refusal() -> ApiProblem | None:
        with (
            gateway(platform, "zhejiang", requested["zhejiang"]) as client,
            pytest.raises(ApiProblem) as caught,
        ):
            client.fetch_token(f"infer:{NAME}")
        # Until the province has heard of the application, its credential is not valid.
        return caught.value if caught.value.status != 401 else None

    assert eventually("the refusal", refusal).code == "capability-not-granted"


def test_an_operator_may_not_approve_a_subscription(
    platform: Platform, requested: dict[str, Application]
) -> None:
    application = requested["zhejiang"]
    outcome = platform.operators["zhejiang"].tries(
        "approve", "subscription", application.subscription
    )

    assert outcome.code == 1
    assert "403" in outcome.err


def test_an_operator_does_not_see_another_province(
    platform: Platform, requested: dict[str, Application]
) -> None:
    rows = platform.operators["guizhou"].reads("subscription", "list")

    assert [row["id"] for row in rows] == [requested["guizhou"].subscription]


def test_a_province_without_the_deployment_says_whom_to_ask(
    platform: Platform, approved: dict[str, Application]
) -> None:
    def refusal() -> ApiProblem | None:
        with (
            gateway(platform, "zhejiang", approved["zhejiang"]) as client,
            pytest.raises(ApiProblem) as caught,
        ):
            client.metadata(NAME)
        return caught.value if caught.value.status == 404 else None

    problem = eventually("the answer", refusal)
    assert problem.code == "not-deployed"
    assert "operator" in str(problem)


@pytest.fixture
def stock_client(platform: Platform) -> Iterator[oip.InferenceServerClient]:
    client = oip.InferenceServerClient(platform.gateways["zhejiang"].removeprefix("http://"))
    yield client
    client.close()


@pytest.mark.parametrize("binary", [False, True])
def test_a_stock_tritonclient_infers(
    stock_client: oip.InferenceServerClient,
    bearer: dict[str, str],
    images: Images,
    *,
    binary: bool,
) -> None:
    pixels = images.pixels[:8]
    tensor = oip.InferInput("image", list(pixels.shape), "FP32")
    tensor.set_data_from_numpy(pixels, binary_data=binary)
    wanted = [oip.InferRequestedOutput("label", binary_data=binary)]

    answer = stock_client.infer(NAME, [tensor], headers=bearer, outputs=wanted)

    right = answer.as_numpy("label").ravel().astype(str) == np.asarray(images.labels[:8])
    assert right.sum() >= 7


_RUN = {
    "curl": ("call.sh", ["bash"]),
    "python": ("call.py", [sys.executable]),
    "java": ("Infer.java", ["java"]),
    "go": ("infer.go", ["go", "run"]),
}


@pytest.mark.parametrize("language", list(_RUN))
def test_the_code_samples_of_the_document_hub_call_it_as_they_stand(
    platform: Platform, serving: dict[str, Application], tmp_path: Path, language: str
) -> None:
    name, command = _RUN[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    program = tmp_path / name
    text = platform.operators["zhejiang"].does("documents", "sample", NAME, "--language", language)
    program.write_text(text)
    application = serving["zhejiang"]
    environment = {
        **os.environ,
        "GATEWAY": platform.gateways["zhejiang"],
        "CLIENT_ID": application.client_id,
        "CLIENT_SECRET": application.client_secret,
    }

    done = subprocess.run(
        [*command, program],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert "label" in done.stdout


def test_a_stock_tritonclient_reads_metadata(
    stock_client: oip.InferenceServerClient, bearer: dict[str, str]
) -> None:
    metadata = stock_client.get_model_metadata(NAME, headers=bearer)

    assert metadata["inputs"] == [{"name": "image", "datatype": "FP32", "shape": [-1, 64]}]


@pytest.mark.parametrize(
    ("name", "datatype", "shape", "says"),
    [
        ("picture", "FP32", (1, 64), "picture"),
        ("image", "FP64", (1, 64), "FP32"),
        ("image", "FP32", (1, 65), "64"),
    ],
)
def test_a_stock_tritonclient_hears_what_is_wrong(
    stock_client: oip.InferenceServerClient,
    bearer: dict[str, str],
    *,
    name: str,
    datatype: str,
    shape: tuple[int, int],
    says: str,
) -> None:
    tensor = oip.InferInput(name, list(shape), datatype)
    kind = np.float64 if datatype == "FP64" else np.float32
    tensor.set_data_from_numpy(np.zeros(shape, kind))

    with pytest.raises(InferenceServerException, match=says):
        stock_client.infer(NAME, [tensor], headers=bearer)


def test_a_token_of_one_province_is_refused_in_another(
    platform: Platform, bearer: dict[str, str]
) -> None:
    answer = httpx.get(
        f"{platform.gateways['guizhou']}/v2/models/{NAME}", headers=bearer, trust_env=False
    )

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/wrong-province")


def test_a_token_for_one_capability_does_not_open_another(
    platform: Platform, bearer: dict[str, str]
) -> None:
    answer = httpx.get(
        f"{platform.gateways['zhejiang']}/v2/models/fault-severity",
        headers=bearer,
        trust_env=False,
    )

    assert (answer.status_code, answer.json()["type"]) == (
        403,
        "/problems/capability-not-granted",
    )


def test_without_a_token_nothing_is_told(platform: Platform) -> None:
    answer = httpx.get(f"{platform.gateways['zhejiang']}/v2/models/{NAME}", trust_env=False)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_person_calls_from_the_command_line(
    platform: Platform, serving: dict[str, Application], project: Path, images: Images
) -> None:
    application = serving["guizhou"]
    caller = Person(
        platform.folder / "homes" / "caller",
        {
            "JIUZHOU_GATEWAY": platform.gateways["guizhou"],
            "JIUZHOU_CLIENT_ID": application.client_id,
            "JIUZHOU_CLIENT_SECRET": application.client_secret,
        },
    )
    sample = next((project / NAME / "samples").glob("*.json"))

    answer = caller.reads("call", NAME, "--input", str(sample))

    expected = json.loads(sample.read_text())["expected"]["label"]
    assert answer["outputs"][0]["data"] == np.ravel(expected).tolist()
    assert len(images.labels) > 0


def _quality(platform: Platform, province: str, labelled: int) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        rows = platform.admin.reads("quality", NAME, "--province", province)
        return next((row for row in rows if row["labelled"] >= labelled), None)

    return eventually(f"the quality of {province}", look)


@pytest.mark.parametrize("province", PROVINCES)
def test_the_center_shows_the_accuracy_that_the_caller_computes(
    platform: Platform, called: dict[str, Called], province: str
) -> None:
    mine = called[province]

    theirs = _quality(platform, province, len(mine.labels))

    assert theirs["accuracy"] == pytest.approx(mine.accuracy, abs=1e-12)


def test_the_noisy_scanner_costs_a_tenth_of_accuracy(called: dict[str, Called]) -> None:
    assert called["guizhou"].accuracy <= called["zhejiang"].accuracy - 0.1


@pytest.mark.parametrize(("province", "verdict"), [("zhejiang", "stable"), ("guizhou", "drift")])
def test_only_the_noisy_province_drifts(
    platform: Platform, called: dict[str, Called], province: str, verdict: str
) -> None:
    # The last rows stay in the province where they are too few to hide a single one.
    least = len(called[province].labels) - LEAST_ROWS + 1

    def look() -> dict[str, Any] | None:
        rows = platform.admin.reads("drift", NAME)
        mine = (row for row in rows if row["province"] == province)
        return next((row for row in mine if row["rows"] >= least), None)

    assert eventually(f"the verdict of {province}", look)["verdict"] == verdict


def test_every_call_is_counted_once(platform: Platform, called: dict[str, Called]) -> None:
    def look() -> dict[str, int] | None:
        rows = platform.admin.reads("usage", "--by", "province,capability")
        calls = {row["province"]: row["calls"] for row in rows if row["capability"] == NAME}
        # Guizhou's person called once from the command line besides.
        complete = calls.get("guizhou", 0) >= len(called["guizhou"].labels) + 1
        return calls if complete else None

    calls = eventually("every call of guizhou", look)
    assert calls["guizhou"] == len(called["guizhou"].labels) + 1


def test_a_used_up_quota_is_said_with_the_time_to_wait(
    platform: Platform, serving: dict[str, Application], images: Images
) -> None:
    assert serving
    application = subscribed(platform, "zhejiang", "small", "--daily-quota", "3")
    with gateway(platform, "zhejiang", application) as client:
        eventually("the small application", lambda: metadata_or_none(client))
        four = Images(images.pixels[:4], images.labels[:4])
        with pytest.raises(ApiProblem) as caught:
            call_all(client, four)

    assert (caught.value.status, caught.value.code) == (429, "quota-exceeded")


def test_R078_a_flood_through_a_gateway_is_an_alarm_that_names_who_floods(
    platform: Platform, serving: dict[str, Application], images: Images
) -> None:
    assert serving
    application = subscribed(platform, "zhejiang", "flooder", "--rate", "1")
    # A fifth of all calls is a flood: hardly more, or a part raises the alarm, renewed by the minute.
    seen = flood(platform, "zhejiang", application, images.pixels[:1], refused=200)

    source = source_in_alarm(platform, "zhejiang", application, seen.total())
    assert source["name"] == "flooder"
    assert (source["calls"], source["refused"]) == (seen.total(), seen["429"])


def test_a_suspended_subscription_calls_no_more_until_it_is_resumed(
    platform: Platform, serving: dict[str, Application]
) -> None:
    application = serving["guizhou"]
    with gateway(platform, "guizhou", application) as client:
        client.token()
        platform.admin.does("subscription", "suspend", application.subscription)
        eventually("the refusal", lambda: True if metadata_or_none(client) is None else None)
        platform.admin.does("subscription", "resume", application.subscription)
        eventually("the answer", lambda: metadata_or_none(client))


def test_a_revoked_subscription_is_over(
    platform: Platform, serving: dict[str, Application]
) -> None:
    application = serving["guizhou"]
    with gateway(platform, "guizhou", application) as client:
        client.token()
        platform.admin.does("revoke", "subscription", application.subscription)
        eventually("the refusal", lambda: True if metadata_or_none(client) is None else None)

    outcome = platform.admin.tries("subscription", "resume", application.subscription)
    assert outcome.code == 1


def test_the_audit_trail_tells_who_did_what(platform: Platform, published: dict[str, Any]) -> None:
    assert published
    acts = platform.admin.reads("audit", "--limit", "200")

    told = {(row["actor"], row["act"]) for row in acts}
    assert any(actor == "li-na" and "approve" in act for actor, act in told)
