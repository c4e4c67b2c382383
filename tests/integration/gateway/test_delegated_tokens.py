"""Tokens of the province's own issuer: accepted within its certificate, refused at every bound."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from capability_sdk.contracts.tokens import CENTER_ISSUER, audience, delegated_issuer
from capability_sdk.kit.files import write_atomically
from tests.gateway_province import CAPABILITY, PROVINCE, Signer, infer
from tests.gateway_wire import World, body, running_world, status
from tests.waiting import eventually

ISSUER = delegated_issuer(PROVINCE)


class Issuer:
    """The province's issuer with its key, and the gateway that judges its tokens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.key = Signer("own-1")

    def certify(self, **changes: Any) -> None:  # noqa: ANN401 - members of the certificate
        """Put a state in force that certifies the issuer, with changed members."""
        now = datetime.now(UTC)
        certificate = {
            "issuer": ISSUER,
            "key": self.key.jwk,
            "audience": audience(PROVINCE),
            "capabilities": [CAPABILITY],
            "max_lifetime_seconds": 600,
            "not_before": (now - timedelta(hours=1)).isoformat(),
            "expires_at": (now + timedelta(hours=1)).isoformat(),
        }
        self.publish(issuer={**certificate, **changes})

    def publish(self, **members: Any) -> None:  # noqa: ANN401 - members of the state
        province = self.world.province
        document = province.document(**members)
        write_atomically(province.folder / "state.jws", document)
        eventually(lambda: self._revision() == province.revision)

    def token(self, signer: Signer | None = None, **changes: Any) -> str:  # noqa: ANN401 - claims
        now = int(time.time())
        claims = {"iss": ISSUER, "iat": now, "exp": now + 600, **changes}
        return self.world.province.token(signer or self.key, **claims)

    def heard(self, token: str) -> int:
        return status(self.world.ask(b"Bearer " + token.encode()))

    def refusals(self) -> int:
        """Count the states that the gateway did not take over."""
        return self.world.gateway.log.read_text().count("not taken over")

    def _revision(self) -> int:
        answer = httpx.get(f"{self.world.gateway.url}/health/ready", trust_env=False)
        return int(answer.json().get("state_revision", 0))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("g")
    with running_world(folder) as made:
        made.province.subscribe()
        yield made


@pytest.fixture
def issuer(world: World) -> Issuer:
    made = Issuer(world)
    made.certify()
    return made


def test_a_token_within_the_certificate_is_accepted(issuer: Issuer) -> None:
    assert issuer.heard(issuer.token()) == 200


def test_a_certificate_without_a_list_covers_what_is_subscribed(issuer: Issuer) -> None:
    issuer.certify(capabilities=None)

    assert issuer.heard(issuer.token()) == 200


def test_a_certificate_without_a_list_covers_no_trials(issuer: Issuer) -> None:
    issuer.certify(capabilities=None)

    assert issuer.heard(issuer.token(scope=f"infer:{CAPABILITY} trial:{CAPABILITY}")) == 401


def test_a_token_of_the_center_is_accepted_beside_them(issuer: Issuer) -> None:
    assert issuer.heard(issuer.token()) == 200
    assert issuer.heard(issuer.world.province.token()) == 200


NOW = int(time.time())


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": audience("guizhou")}, id="another-province"),
        pytest.param({"scope": f"infer:{CAPABILITY} infer:other-thing"}, id="wider-scope"),
        pytest.param({"scope": "infer:other-thing"}, id="other-scope"),
        pytest.param({"scope": f"trial:{CAPABILITY}"}, id="trial"),
        pytest.param({"scope": f"infer:{CAPABILITY} trial:{CAPABILITY}"}, id="trial-besides"),
        pytest.param({"life": 601}, id="longer-life"),
        pytest.param({"life": 901}, id="longer-than-any"),
        pytest.param({"iat": NOW - 7200, "exp": NOW - 6600}, id="before-the-certificate"),
        pytest.param({"iss": CENTER_ISSUER}, id="in-the-centers-name"),
        pytest.param({"iss": delegated_issuer("guizhou")}, id="another-issuer"),
        pytest.param({"sub": "app-2"}, id="another-subject"),
    ],
)
def test_J07_a_token_beyond_a_bound_hears_the_constant_refusal(
    issuer: Issuer, claims: dict[str, Any]
) -> None:
    if "life" in claims:
        claims = {"exp": int(time.time()) + claims["life"]}
    token = issuer.token(**claims)

    answer = issuer.world.ask(b"Bearer " + token.encode())
    nonsense = issuer.world.ask(b"Bearer nonsense")

    assert status(answer) == 401
    assert body(answer) == body(nonsense)


def test_the_center_does_not_sign_in_the_issuers_name(issuer: Issuer) -> None:
    assert issuer.heard(issuer.token(issuer.world.province.token_key)) == 401


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"issuer": delegated_issuer("guizhou")}, id="another-province"),
        pytest.param({"audience": audience("guizhou")}, id="another-audience"),
        pytest.param({"capabilities": []}, id="no-capability"),
        pytest.param({"capabilities": ["other-thing"]}, id="another-capability"),
        pytest.param({"max_lifetime_seconds": 599}, id="shorter-life"),
        pytest.param({"key": Signer("own-1").jwk}, id="another-key-of-the-name"),
        pytest.param({"key": Signer("own-2").jwk}, id="another-key"),
        pytest.param({"key": {"kty": "RSA", "kid": "own-1"}}, id="no-key-of-P-256"),
    ],
)
def test_a_certificate_that_says_less_or_is_for_another_refuses(
    issuer: Issuer, change: dict[str, Any]
) -> None:
    token = issuer.token()
    assert issuer.heard(token) == 200

    # What was accepted before falls with the certificate: verified claims do not outlive it.
    issuer.certify(**change)

    assert issuer.heard(token) == 401


def test_a_token_does_not_outlive_its_certificate(issuer: Issuer) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=300)
    issuer.certify(expires_at=ends.isoformat())

    assert issuer.heard(issuer.token()) == 401
    assert issuer.heard(issuer.token(exp=int(ends.timestamp()))) == 200


def test_an_expired_certificate_accepts_nothing(issuer: Issuer) -> None:
    ended = datetime.now(UTC) - timedelta(seconds=2)
    issuer.certify(expires_at=ended.isoformat())
    now = int(ended.timestamp())

    assert issuer.heard(issuer.token(iat=now - 60, exp=now)) == 401


def test_a_withdrawn_certificate_ends_what_was_accepted(issuer: Issuer) -> None:
    token = issuer.token()
    assert issuer.heard(token) == 200

    issuer.publish()

    assert issuer.heard(token) == 401


def test_a_certificate_cannot_lend_the_centers_key(issuer: Issuer) -> None:
    province = issuer.world.province
    issuer.certify(key=province.token_key.jwk)

    assert issuer.heard(issuer.token(province.token_key)) == 401
    assert issuer.heard(province.token()) == 200


@pytest.mark.parametrize(
    "forgery",
    [
        pytest.param({"signer": Signer("state-1")}, id="forged"),
        pytest.param({"edge": "edge-2"}, id="another-edge"),
        pytest.param({"epoch": 6}, id="another-enrolment"),
        pytest.param({"province": "guizhou"}, id="another-province"),
    ],
)
def test_a_certificate_in_a_state_that_is_not_the_edges_is_none(
    issuer: Issuer, forgery: dict[str, Any]
) -> None:
    province, mine = issuer.world.province, Signer("own-9")
    now = datetime.now(UTC)
    certificate = {
        "issuer": ISSUER,
        "key": mine.jwk,
        "audience": audience(PROVINCE),
        "max_lifetime_seconds": 600,
        "not_before": (now - timedelta(hours=1)).isoformat(),
        "expires_at": (now + timedelta(hours=1)).isoformat(),
    }
    document = province.document(**{**forgery, "issuer": certificate})
    before = issuer.refusals()
    write_atomically(province.folder / "state.jws", document)
    eventually(lambda: issuer.refusals() > before)

    assert issuer.heard(issuer.token(mine)) == 401
    assert issuer.heard(issuer.token()) == 200


def test_a_right_that_the_state_does_not_hold_is_refused_all_the_same(issuer: Issuer) -> None:
    issuer.certify(capabilities=None)
    token = issuer.token(sub="app-2", client_id="app-2")

    with httpx.Client(base_url=issuer.world.gateway.url, trust_env=False) as http:
        answer = infer(http, token)

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/capability-not-granted")
