"""Secrets, wherever they are sent: in no log, no answer but the one that shows it, no dump (W05)."""

import base64
import resource
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from capability_sdk.contracts.tokens import CENTER_ISSUER
from capability_sdk.kit.clock import system_clock
from center.access.keys import public_jwk
from center.access.service import ASSERTION_TYPE
from tests.center_process import PASSWORD, CenterProcess, running_center_process
from tests.gateway_province import INFER, Gateway, Peers, Province, bearer, running_gateway

_SETTINGS = {
    "CENTER_LOG_LEVEL": "DEBUG",
    "CENTER_WEBHOOKS": "true",
    "CENTER_WEBHOOK_NETWORKS": '["127.0.0.0/8"]',
    "CENTER_SIGN_IN_ATTEMPTS": "1000000",
    "CENTER_SIGN_IN_ATTEMPTS_PER_ADDRESS": "1000000",
}


@pytest.fixture(autouse=True)
def core_dumps() -> Iterator[None]:
    """Let children leave core dumps, as some machines do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def _given(center: CenterProcess) -> dict[str, str]:
    """Have one of each kind of secret made; return them by kind."""
    with httpx.Client(base_url=f"{center.url}/api/v1", timeout=60) as person:
        signed_in = person.post("/sessions", json={"name": "root", "password": PASSWORD})
        found = {"password": PASSWORD, "csrf": signed_in.json()["csrf_token"]}
        found["session"] = signed_in.cookies["jiuzhou_session"]
        person.headers["X-CSRF-Token"] = found["csrf"]
        found["api token"] = person.post("/api-tokens", json={"label": "x"}).json()["token"]
        invited = {"name": "li-na", "role": "engineer", "organisation": "center"}
        found["invitation"] = person.post("/users", json=invited).json()["invitation"]["code"]
        found["enrolment"] = center.add_province("zhejiang")
        application = {"name": "bank", "province": "zhejiang"}
        made = person.post("/applications", json=application).json()
        found["client secret"] = made["client_secret"]
        hook = {"name": "ours", "url": f"http://127.0.0.1:9/{secrets.token_hex(4)}"}
        found["webhook"] = person.post("/webhooks", json=hook).json()["secret"]
    return found | _of_an_edge(center)


def _of_an_edge(center: CenterProcess) -> dict[str, str]:
    key = generate_private_key(SECP256R1())
    code = center.admin.post("/provinces/zhejiang/enrolment-codes")["code"]
    body = {"code": code, "public_key": public_jwk(key.public_key()), "gateway_url": center.url}
    edge = httpx.post(f"{center.url}/api/v1/edges", json=body, timeout=60).json()["edge"]
    now = int(system_clock().timestamp())
    claims = {"iss": edge, "sub": edge, "aud": CENTER_ISSUER, "iat": now, "exp": now + 60}
    assertion = jwt.encode(claims | {"jti": secrets.token_hex(16)}, key, "ES256")
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
    answer = httpx.post(
        f"{center.url}/oauth2/token", data=form | {"client_assertion": assertion}, timeout=60
    )
    return {"assertion": assertion, "edge token": answer.json()["access_token"]}


def _misuses(secret: str) -> Iterator[dict[str, object]]:
    """Yield requests that send a secret where it does not belong, or in a shape that is refused."""
    basic = base64.b64encode(f"root:{secret}".encode()).decode()
    for name, value in (
        *(("Authorization", f"Bearer {secret}x"), ("Authorization", f"Basic {basic}")),
        *(("Authorization", secret), ("Cookie", f"jiuzhou_session={secret}x")),
        *(("X-CSRF-Token", secret), ("Idempotency-Key", secret * 9), ("If-Match", secret)),
    ):
        yield {"method": "POST", "url": "/api/v1/provinces", "headers": {name: value}, "json": {}}
    for body in (
        *({"name": "root", "password": f"{secret}x"}, {"name": secret, "password": [secret]}),
        *({"name": "root", "password": "x", "secret": secret}, [secret], secret),
    ):
        yield {"method": "POST", "url": "/api/v1/sessions", "json": body}
    for url in ("/api/v1/invitations:accept", "/api/v1/edges", "/oauth2/token"):
        yield {"method": "POST", "url": url, "json": {"code": secret * 5, "password": secret[:3]}}
        yield {"method": "POST", "url": url, "data": {"client_assertion": f"{secret}x"}}
    broken = f'{{"name": "root", "password": "{secret}'.encode()
    typed = {"Content-Type": "application/json"}
    yield {"method": "POST", "url": "/api/v1/sessions", "content": broken, "headers": typed}
    yield {"method": "GET", "url": "/api/v1/me", "params": {"access_token": secret}}


def test_W05_no_log_no_answer_and_no_file_of_the_center_repeats_a_secret(tmp_path: Path) -> None:
    with running_center_process(tmp_path / "center", **_SETTINGS) as center:
        given = _given(center)
        answers = []
        with httpx.Client(base_url=center.url, timeout=60) as stranger:
            for secret in given.values():
                answers += [stranger.request(**wrong) for wrong in _misuses(secret)]  # type: ignore[arg-type]  # its own arguments
        core = resource.prlimit(center.process.pid, resource.RLIMIT_CORE)

    assert len(answers) > 20 * len(given) - 1
    assert {answer.status_code for answer in answers} <= {400, 401, 403, 413, 415, 422}
    said = "".join(f"{answer.text} {answer.headers}" for answer in answers).encode()
    written = {path: path.read_bytes() for path in center.data.rglob("*") if path.is_file()}
    assert center.log in written
    for kind, secret in given.items():
        assert secret.encode() not in said, kind
        assert [path for path, text in written.items() if secret.encode() in text] == [], kind
    assert core[0] == 0


@contextmanager
def _gateway(folder: Path) -> Iterator[Gateway]:
    with ExitStack() as stack:
        peers, province = Peers(folder / "peers", stack), Province(folder / "zhejiang")
        province.place({"1.0.0": peers.instance()})
        peers.agent(province)
        province.publish()
        yield stack.enter_context(running_gateway(province))


def test_W05_no_log_no_answer_and_no_spool_of_a_gateway_repeats_a_token(tmp_path: Path) -> None:
    with _gateway(tmp_path) as gateway, httpx.Client(base_url=gateway.url, timeout=60) as client:
        token = gateway.province.token()
        head = bearer(token)
        answers = [
            client.post(INFER, json={"inputs": []}, headers=head),
            client.post(INFER, json={"inputs": []}, headers=bearer(f"{token}x")),
            client.post(INFER, json={"inputs": []}, params={"access_token": token}),
            client.post(INFER, json={"token": token}, headers={"x-request-id": token}),
            client.post(f"{INFER}/{token}", json={}, headers={"authorization": token}),
            client.post("/oauth2/token", data={"client_id": "a", "client_secret": token}),
            client.post("/oauth2/token", json={"client_secret": token}),
            client.get("/v2/models/none", headers=head),
        ]
        assert gateway.process is not None
        core = resource.prlimit(gateway.process.pid, resource.RLIMIT_CORE)

    assert answers[0].status_code == 200
    assert all(answer.status_code >= 400 for answer in answers[1:])
    files = [path for path in gateway.province.folder.rglob("*") if path.is_file()]
    assert gateway.log in files
    assert [path for path in files if token.encode() in path.read_bytes()] == []
    assert not any(token in answer.text for answer in answers)
    assert core[0] == 0
