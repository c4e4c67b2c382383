"""The agent as a process, against a center that speaks the contract over real HTTP."""

import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest

from capability_sdk.spool import SpoolWriter
from edge_gateway.agent.enrolment import Enrolment, enrol
from edge_gateway.agent.errors import EnrolmentFailed
from tests.integration.agent_process import AgentProcess
from tests.integration.agent_world import (
    APPLICATION,
    CAPABILITY,
    SUBSCRIPTION,
    Key,
    StandInCenter,
    enrol_province,
    running_center,
)
from tests.servers.process import free_port
from tests.waiting import eventually


@pytest.fixture
def center() -> Iterator[StandInCenter]:
    with running_center() as center:
        yield center


@pytest.fixture
def province(center: StandInCenter) -> Iterator[Path]:
    # A Unix socket's path has at most 107 characters, and pytest's folders have long names.
    with tempfile.TemporaryDirectory(prefix="jz") as folder:
        yield enrol_province(center, Path(folder) / "p")


@pytest.fixture
def agent(province: Path) -> Iterator[AgentProcess]:
    agent = AgentProcess(province, longest_delay="PT0.5S", profile_flush="PT2S")
    agent.start()
    yield agent
    agent.stop()


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[StandInCenter, AgentProcess]]:
    """One center and one agent, for the tests that change neither."""
    with running_center() as center, tempfile.TemporaryDirectory(prefix="jz") as folder:
        agent = AgentProcess(enrol_province(center, Path(folder) / "p"))
        agent.start()
        eventually(lambda: agent.status()["state_revision"] == 1)
        yield center, agent
        agent.stop()


def usage(number: int) -> bytes:
    record: dict[str, Any] = {
        "request_id": f"{number:032x}",
        "at": datetime.now(UTC).isoformat(),
        "application": APPLICATION,
        "subscription": SUBSCRIPTION,
        "capability": CAPABILITY,
        "version": None,
        "status": 200,
        "units": 1,
        "latency_us": 1000,
        "request_bytes": 10,
        "response_bytes": 10,
    }
    return json.dumps(record).encode()


def write_usage(province: Path, numbers: range) -> None:
    with SpoolWriter(province / "spool" / "usage-0") as spool:
        for number in numbers:
            spool.append(usage(number))


def counted(center: StandInCenter) -> list[int]:
    return sorted(int(body["request_id"], 16) for body in center.bodies("usage"))


def test_a_used_code_is_refused_with_advice(center: StandInCenter, province: Path) -> None:
    again = Enrolment(center.url, "code-" + "a" * 20, province, 1, 2)

    with pytest.raises(EnrolmentFailed, match=r"not accepted.*ask an admin"):
        enrol(again)


def test_enrolling_again_makes_a_new_key_and_epoch(center: StandInCenter, province: Path) -> None:
    before = (province / "edge-key.pem").read_bytes()
    center.codes.add("code-" + "b" * 20)

    assert enrol(Enrolment(center.url, "code-" + "b" * 20, province, 1, 2)).epoch == 2
    assert (province / "edge-key.pem").read_bytes() != before
    assert (province / "edge-key.pem").stat().st_mode & 0o777 == 0o600


def test_a_folder_of_one_province_is_not_made_anothers(
    center: StandInCenter, province: Path
) -> None:
    center.codes.add("code-" + "c" * 20)
    center.province = "guizhou"
    before = (province / "edge.json").read_bytes()

    with pytest.raises(EnrolmentFailed, match="belongs to the province zhejiang"):
        enrol(Enrolment(center.url, "code-" + "c" * 20, province, 1, 2))
    assert (province / "edge.json").read_bytes() == before


def test_a_center_that_is_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnrolmentFailed, match=r"No center answers.*not used up"):
        enrol(Enrolment(f"http://127.0.0.1:{free_port()}", "c" * 20, tmp_path, 1, 2))


def test_the_socket_is_the_owners_alone_and_needs_the_internal_token(
    shared: tuple[StandInCenter, AgentProcess],
) -> None:
    _, agent = shared
    assert (agent.province / "agent.sock").stat().st_mode & 0o777 == 0o600
    assert agent.ask("GET", "/v1/status", token="wrong").status_code == 401
    assert agent.ask("GET", "/metrics", token="wrong").status_code == 401


def test_desired_state_comes_to_the_disk_and_follows_changes(
    center: StandInCenter, agent: AgentProcess
) -> None:
    eventually(lambda: agent.status()["state_revision"] == 1)
    center.change(subscriptions=[])

    eventually(lambda: agent.status()["state_revision"] == 2)
    assert (agent.province / "state.jws").stat().st_mode & 0o777 == 0o600


def test_a_state_of_another_key_is_not_taken(center: StandInCenter, agent: AgentProcess) -> None:
    eventually(lambda: agent.status()["state_revision"] == 1)
    before = (agent.province / "state.jws").read_bytes()
    center.state_key, good = type(center.state_key)("state-1"), center.state_key
    center.change(applications=[])

    eventually(lambda: "not verifiable" in str(agent.status()["center_trouble"]))
    assert (agent.province / "state.jws").read_bytes() == before

    center.state_key = good
    eventually(lambda: agent.status()["state_revision"] == 2)


def test_a_restart_without_the_center_keeps_the_state(
    center: StandInCenter, agent: AgentProcess
) -> None:
    eventually(lambda: agent.status()["state_revision"] == 1)
    center.stop()
    agent.stop()
    agent.start()

    assert agent.status()["state_revision"] == 1
    assert agent.ask("GET", "/health/ready").json()["state_revision"] == 1


def token(agent: AgentProcess, form: str) -> Any:  # noqa: ANN401 - httpx's answer
    return agent.ask(
        "POST",
        "/oauth2/token",
        content=form.encode(),
    )


def relayed(agent: AgentProcess, form: str) -> Any:  # noqa: ANN401 - httpx's answer
    """Ask until the center answers: on a busy machine it may take longer than its agent waits."""
    return eventually(lambda: None if (got := token(agent, form)).status_code == 503 else got)


def test_tokens_are_relayed(shared: tuple[StandInCenter, AgentProcess]) -> None:
    center, agent = shared
    form = f"grant_type=client_credentials&client_id={APPLICATION}&client_secret={center.secret}"
    answer = relayed(agent, form)

    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"


def test_J21_a_token_is_kept_back_until_the_province_knows_its_key(
    center: StandInCenter, agent: AgentProcess
) -> None:
    form = f"grant_type=client_credentials&client_id={APPLICATION}&client_secret={center.secret}"
    assert relayed(agent, form).status_code == 200
    known = center.token_key
    # The center rotates; its desired state, which brings the new key, is on its way.
    center.token_key = Key("token-2")
    with ThreadPoolExecutor(1) as caller:
        asked = len([path for path in center.received if b"/tokens" in path])
        waiting = caller.submit(relayed, agent, form)
        eventually(lambda: len([p for p in center.received if b"/tokens" in p]) > asked)
        with pytest.raises(TimeoutError):
            waiting.result(0.5)

        keys = {"version": 2, "keys": [known.jwk, center.token_key.jwk]}
        center.change(token_keys=keys)
        answer = waiting.result(30)

    assert answer.status_code == 200
    assert jwt.get_unverified_header(answer.json()["access_token"])["kid"] == "token-2"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ("", 400, "invalid_request"),
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=app-1&client_secret=x", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=a&client_id=b", 400, "invalid_request"),
        ("grant_type=client_credentials&audience=x", 400, "invalid_request"),
        ("grant_type=client_credentials&scope=admin", 400, "invalid_scope"),
        ("grant_type=client_credentials&client_id=a&client_secret=" + "x" * 300, 401, "invalid_client"),
        ("%ff%fe", 400, "invalid_request"),
    ],
)  # fmt: skip
def test_bad_token_requests_are_told_in_the_words_of_oauth(
    shared: tuple[StandInCenter, AgentProcess], form: str, status: int, error: str
) -> None:
    answer = relayed(shared[1], form)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["cure"]


def test_a_scope_without_grant_is_named_with_the_centers_own_reason(
    shared: tuple[StandInCenter, AgentProcess],
) -> None:
    center, agent = shared
    form = f"grant_type=client_credentials&client_id={APPLICATION}&client_secret={center.secret}"

    answer = relayed(agent, f"{form}&scope=infer:other-thing")

    found = answer.json()
    assert (answer.status_code, found["type"]) == (403, "/problems/capability-not-granted")
    assert (found["reason"], found["cure"]) == (
        "suspended",
        "Ask an admin of the center to resume it.",
    )


def test_wrong_callers_do_not_make_the_edge_sign_in_again(
    shared: tuple[StandInCenter, AgentProcess],
) -> None:
    center, agent = shared
    before = center.assertions
    for _ in range(5):
        relayed(agent, "grant_type=client_credentials&client_id=app-1&client_secret=wrong")

    assert center.assertions == before


def test_a_center_that_hangs_keeps_no_caller_waiting(
    center: StandInCenter, agent: AgentProcess
) -> None:
    center.relay_delay = 30.0
    form = b"grant_type=client_credentials&client_id=app-1&client_secret=secret-x"

    # The gateway gives the agent up after ten seconds: the reason must come before.
    answer = agent.ask("POST", "/oauth2/token", content=form, timeout=9.0)

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/center-away")


def test_without_the_center_tokens_are_refused_with_the_reason(
    center: StandInCenter, agent: AgentProcess
) -> None:
    center.stop()

    answer = token(agent, "grant_type=client_credentials&client_id=app-1&client_secret=secret-x")

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/center-away")
    assert answer.headers["retry-after"] == "5"
    assert "secret-x" not in agent.log


def lease(agent: AgentProcess, want: int, window: int = 20_000) -> int:
    body = {"subscription": SUBSCRIPTION, "window": window, "limit": 100, "want": want}
    granted: int = agent.ask("POST", "/v1/quota-leases", json=body).json()["granted"]
    return granted


def test_leases_never_exceed_the_limit_even_over_a_kill(agent: AgentProcess) -> None:
    assert lease(agent, 60) == 60
    agent.kill()
    agent.start()

    assert [lease(agent, 30), lease(agent, 30), lease(agent, 30)] == [30, 10, 0]
    assert lease(agent, 30, window=20_001) == 30


def test_usage_arrives_once_although_answers_are_lost(
    center: StandInCenter, agent: AgentProcess
) -> None:
    eventually(lambda: agent.status()["state_revision"] == 1)
    center.drop_answers = 3
    write_usage(agent.province, range(1, 1201))

    eventually(lambda: len(counted(center)) == 1200)
    assert counted(center) == list(range(1, 1201))


def test_usage_waits_for_the_center_and_survives_a_killed_agent(
    center: StandInCenter, agent: AgentProcess
) -> None:
    eventually(lambda: agent.status()["state_revision"] == 1)
    center.stop()
    write_usage(agent.province, range(1, 301))
    agent.kill()
    agent.start()
    eventually(lambda: agent.status()["backlog"].get("usage-0") == 300)
    center.start()

    eventually(lambda: counted(center) == list(range(1, 301)))


def test_a_center_from_a_backup_is_filled_up_again(
    center: StandInCenter, agent: AgentProcess
) -> None:
    eventually(lambda: agent.status()["state_revision"] == 1)
    write_usage(agent.province, range(1, 101))
    eventually(lambda: len(counted(center)) == 100)
    center.lose_telemetry(after=40)

    write_usage(agent.province, range(101, 103))

    eventually(lambda: counted(center) == list(range(1, 103)))


def test_a_quiet_stream_is_filled_up_again_too(center: StandInCenter, agent: AgentProcess) -> None:
    eventually(lambda: agent.status()["state_revision"] == 1)
    write_usage(agent.province, range(1, 11))
    eventually(lambda: len(counted(center)) == 10)
    center.lose_telemetry()
    agent.stop()
    agent.start()

    eventually(lambda: counted(center) == list(range(1, 11)))


def test_a_record_that_names_the_undeclared_stands_still_and_is_named(
    center: StandInCenter, agent: AgentProcess
) -> None:
    eventually(lambda: agent.status()["state_revision"] == 1)
    planted = usage(3).replace(APPLICATION.encode(), b"13800138000")
    with SpoolWriter(agent.province / "spool" / "usage-0") as spool:
        for payload in (usage(1), usage(2), planted, usage(4)):
            spool.append(payload)

    eventually(lambda: agent.status()["standing_still"])
    assert counted(center) == [1, 2]
    assert b"13800138000" not in b"".join(center.received)
