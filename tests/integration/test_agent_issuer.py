"""Who gives out tokens: the center while it answers, the province's own issuer while it does not."""

import hashlib
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from capability_sdk.contracts.tokens import audience, delegated_issuer
from edge_gateway.agent.center import open_http
from edge_gateway.agent.credential import Credential
from edge_gateway.agent.errors import CenterAway
from edge_gateway.agent.identity import read_key
from tests.integration.agent_process import AgentProcess
from tests.integration.agent_world import (
    APPLICATION,
    StandInCenter,
    enrol_province,
)
from tests.waiting import eventually

KID = "k" * 43


class CertifyingCenter(StandInCenter):
    """Certifies the issuer that an edge registers, and may fail in the ways of a center."""

    relay_status = 200

    def _app(self) -> Starlette:
        app = super()._app()
        key, tokens = "/api/v1/edges/{edge}/issuer-key", "/api/v1/edges/{edge}/tokens"
        app.router.routes.insert(0, Route(key, self._register, methods=["PUT"]))
        app.router.routes.insert(0, Route(tokens, self._relay_or_fail, methods=["POST"]))
        return app

    async def _register(self, request: Request) -> Response:
        jwk = json.loads(await request.body())["public_key"]
        now = datetime.now(UTC)
        certificate = {
            "issuer": delegated_issuer(self.province),
            "key": {**jwk, "kid": KID},
            "audience": audience(self.province),
            "max_lifetime_seconds": 900,
            "not_before": now.isoformat(),
            "expires_at": (now + timedelta(hours=1)).isoformat(),
        }
        hashes = [hashlib.sha256(self.secret.encode()).hexdigest()]
        applications = [{**self.state["applications"][0], "secret_hashes": hashes}]
        self.change(issuer=certificate, applications=applications)
        return Response(status_code=204)

    async def _relay_or_fail(self, request: Request) -> Response:
        if self.relay_status == 200:
            return await self._relay(request)
        problem = {"type": "/problems/edge-refused", "detail": "No.", "status": self.relay_status}
        return JSONResponse(problem, self.relay_status)


@pytest.fixture
def center() -> Iterator[CertifyingCenter]:
    center = CertifyingCenter()
    center.start()
    yield center
    center.stop()


@pytest.fixture
def agent(center: CertifyingCenter, tmp_path: Path) -> Iterator[AgentProcess]:
    process = AgentProcess(enrol_province(center, tmp_path / "p"), longest_delay="PT0.2S")
    process.start()
    eventually(lambda: "issuer" in _state(process))
    yield process
    process.stop()


def _state(agent: AgentProcess) -> dict[str, Any]:
    file = agent.province / "state.jws"
    return _payload(file.read_text()) if file.exists() else {}


def _payload(token: str) -> dict[str, Any]:
    text = token.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def _token(center: CertifyingCenter, agent: AgentProcess) -> httpx.Response:
    secret = center.secret
    form = f"grant_type=client_credentials&client_id={APPLICATION}&client_secret={secret}"
    answer: httpx.Response = agent.ask("POST", "/oauth2/token", content=form.encode())
    return answer


def _issuer(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(_payload(answer.json()["access_token"])["iss"])


def test_the_center_issues_while_it_answers_and_the_province_while_it_does_not(
    center: CertifyingCenter, agent: AgentProcess
) -> None:
    assert _issuer(_token(center, agent)) == "urn:jiuzhou:center"

    center.stop()
    assert _issuer(_token(center, agent)) == delegated_issuer("zhejiang")

    # What was issued away is told as soon as the center listens again, and it issues again.
    center.start()
    eventually(lambda: len(center.bodies("issuance")) == 1)
    eventually(lambda: _issuer(_token(center, agent)) == "urn:jiuzhou:center")
    assert center.bodies("issuance")[0]["application"] == APPLICATION


def test_the_province_never_issues_what_the_center_refuses(
    center: CertifyingCenter, agent: AgentProcess
) -> None:
    for status in (401, 403, 404, 409):
        center.relay_status = status
        assert _token(center, agent).status_code == 503


def test_a_center_that_fails_is_away(center: CertifyingCenter, agent: AgentProcess) -> None:
    center.relay_status = 503

    assert _issuer(_token(center, agent)) == delegated_issuer("zhejiang")


def test_E03_only_the_first_caller_waits_for_a_center_that_hangs(
    center: CertifyingCenter, agent: AgentProcess
) -> None:
    _token(center, agent)
    center.relay_delay = 30.0
    assert _issuer(_token(center, agent)) == delegated_issuer("zhejiang")

    began = time.monotonic()
    for _ in range(10):
        _token(center, agent)

    # Ten waits would take twenty seconds. The probe finds this center's health well, though, so one
    # more caller may have waited.
    assert time.monotonic() - began < 14.0


def test_a_wrong_secret_is_refused_without_the_center_too(
    center: CertifyingCenter, agent: AgentProcess
) -> None:
    center.stop()
    center.secret = "x" * 43

    answer = _token(center, agent)

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-client")
    assert "x" * 43 not in agent.log


def test_a_restart_without_the_center_goes_on_issuing(
    center: CertifyingCenter, agent: AgentProcess
) -> None:
    center.stop()
    agent.kill()
    agent.start()

    assert _issuer(_token(center, agent)) == delegated_issuer("zhejiang")


async def test_E05_a_credential_that_cannot_be_renewed_is_kept_until_it_has_expired(
    center: CertifyingCenter, tmp_path: Path
) -> None:
    province = enrol_province(center, tmp_path / "p")
    moment = 0.0
    async with open_http(center.url) as http:
        credential = Credential(http, "edge-zhejiang", read_key(province), monotonic=lambda: moment)
        first = await credential.bearer()
        center.stop()

        moment = 899.0
        assert await credential.bearer() == first
        moment = 901.0
        with pytest.raises(CenterAway):
            await credential.bearer()


def test_a_key_of_an_earlier_enrolment_is_not_used_again(
    center: CertifyingCenter, tmp_path: Path
) -> None:
    province = enrol_province(center, tmp_path / "p")
    (province / "issuer-key.pem").write_text("what stood here before")
    center.codes.add("code-" + "b" * 20)

    enrol_province(center, tmp_path / "p")

    assert not (province / "issuer-key.pem").exists()
