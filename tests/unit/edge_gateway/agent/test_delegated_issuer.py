"""The province's own issuer: whom it serves while the center is away, and where it stops."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from capability_sdk.contracts.packages import STATE_TYPE
from capability_sdk.contracts.tokens import TokenAnswer, TokenRelay, audience, delegated_issuer
from capability_sdk.kit.files import write_atomically
from capability_sdk.spool import SpoolReader
from center.access.keys import public_jwk
from edge_gateway.agent.database import AgentDatabase
from edge_gateway.agent.errors import (
    InvalidClient,
    InvalidScope,
    ScopeNotGranted,
    TokenError,
    TokensUnavailable,
    TooManyRequests,
)
from edge_gateway.agent.issuer import ISSUANCE_STREAM, DelegatedIssuer, IssuedTokens
from edge_gateway.agent.issuer_key import read_or_create_issuer_key
from edge_gateway.agent.outbox import Outbox
from edge_gateway.agent.state_on_disk import StateOnDisk
from edge_gateway.state import EdgeSite
from tests.gateway_province import Signer

PROVINCE, DIGITS, LETTERS = "zhejiang", "digit-recognition", "letter-recognition"
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "s" * 43


@dataclass
class Clocks:
    """A wall clock and a monotonic one; only the wall clock can be turned back."""

    now: datetime = START
    monotonic: float = 1000.0

    def pass_(self, span: timedelta) -> None:
        self.now += span
        self.monotonic += span.total_seconds()


@dataclass
class Office:
    """An issuer in a province's folder, and the center's key that signs the state."""

    folder: Path
    clocks: Clocks = field(default_factory=Clocks)
    state_key: Signer = field(default_factory=lambda: Signer("state-1"))
    revision: int = 0

    def __post_init__(self) -> None:
        self.key = read_or_create_issuer_key(self.folder)
        self.database = AgentDatabase(self.folder / "agent.db")
        self.outbox = Outbox(self.database, self.folder / "spool" / ISSUANCE_STREAM)
        self.put()

    def put(self, certificate: dict[str, Any] | None = None, **members: Any) -> None:  # noqa: ANN401 - members of the state
        """Put a state in force, and begin anew with it as after a restart."""
        self.revision += 1
        now = self.clocks.now
        state = {
            "schema": 1, "province": PROVINCE, "edge": "edge-1", "epoch": 1, "complete": True,
            "revision": self.revision, "zone": "UTC", "issued_at": now.isoformat(),
            "expires_at": (now + timedelta(days=7)).isoformat(),
            "token_keys": {"version": 1, "keys": [Signer("token-1").jwk]},
            "applications": [_application("app-1"), _application("app-2", active=False)],
            "subscriptions": [_subscription(DIGITS), _subscription(LETTERS)],
            "issuer": {**self.certificate(), **(certificate or {})}, **members,
        }  # fmt: skip
        document = self.state_key.sign(state, STATE_TYPE).encode()
        write_atomically(self.folder / "state.jws", document)
        self.restart()

    def certificate(self) -> dict[str, Any]:
        now = self.clocks.now
        return {
            "issuer": delegated_issuer(PROVINCE),
            "key": public_jwk(self.key.public_key()),
            "audience": audience(PROVINCE),
            "capabilities": None,
            "max_lifetime_seconds": 600,
            "not_before": (now - timedelta(hours=1)).isoformat(),
            "expires_at": (now + timedelta(hours=72)).isoformat(),
        }

    def restart(self) -> None:
        members = {
            "schema": 1,
            "edge": "edge-1",
            "province": PROVINCE,
            "epoch": 1,
            "zone": "UTC",
            "audience": audience(PROVINCE),
            "state_keys": [self.state_key.jwk],
            "release_keys": [],
            "center_url": "http://127.0.0.1:1",
            "gateway_port": 1,
            "scheduler_port": 1,
        }
        site = EdgeSite.model_validate(members)
        self.issuer = DelegatedIssuer(
            self.key,
            StateOnDisk(self.folder, site, clock=lambda: self.clocks.now),
            IssuedTokens(self.database, self.outbox),
            clock=lambda: self.clocks.now,
            monotonic=lambda: self.clocks.monotonic,
        )

    def ask(self, client: str = "app-1", secret: str = SECRET, scope: str = "") -> TokenAnswer:
        return self.issuer.issue(TokenRelay(client_id=client, client_secret=secret, scope=scope))

    def claims(self, answer: TokenAnswer) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            answer.access_token,
            self.key.public_key(),
            algorithms=["ES256"],
            audience=audience(PROVINCE),
            options={"verify_exp": False, "verify_iat": False},
        )
        return claims

    def recorded(self) -> list[dict[str, Any]]:
        reader = SpoolReader(self.folder / "spool" / ISSUANCE_STREAM)
        return [
            json.loads(record.payload)
            for epoch in reader.epochs()
            for record in reader.read(epoch, 0, 1000)
        ]


def _application(client: str, *, active: bool = True) -> dict[str, Any]:
    hashes = [hashlib.sha256(SECRET.encode()).hexdigest()]
    names = {"client_id": client, "name": client, "organisation": "o"}
    return {**names, "active": active, "secret_hashes": hashes}


def _subscription(capability: str, *, active: bool = True) -> dict[str, Any]:
    return {
        "id": f"sub-{capability}", "application": "app-1", "capability": capability,
        "active": active, "daily_quota": 1, "rate_per_second": 1, "concurrency": 1,
    }  # fmt: skip


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "spool").mkdir()
    made = Office(tmp_path)
    yield made
    made.outbox.close()
    made.database.close()


def test_a_known_application_gets_what_it_is_granted_and_no_more(office: Office) -> None:
    answer = office.ask()

    claims = office.claims(answer)
    assert claims["scope"] == answer.scope == f"infer:{DIGITS} infer:{LETTERS}"
    assert (claims["iss"], claims["sub"]) == (delegated_issuer(PROVINCE), "app-1")
    assert claims["exp"] - claims["iat"] == answer.expires_in == 600


def test_each_token_is_recorded_for_the_center_before_it_is_given_out(office: Office) -> None:
    tokens = [office.claims(office.ask(scope=f"infer:{DIGITS}")) for _ in range(3)]

    assert [item["jti"] for item in office.recorded()] == [item["jti"] for item in tokens]
    assert {item["application"] for item in office.recorded()} == {"app-1"}


def test_the_key_is_the_issuers_own_and_its_owners_alone(office: Office) -> None:
    file = office.folder / "issuer-key.pem"

    assert file.stat().st_mode & 0o777 == 0o600
    again = read_or_create_issuer_key(office.folder)
    assert again.private_numbers() == office.key.private_numbers()


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        pytest.param({"secret": "x" * 43}, InvalidClient, id="wrong-secret"),
        pytest.param({"client": "app-9"}, InvalidClient, id="unknown-application"),
        pytest.param({"client": "app-2"}, InvalidClient, id="suspended-application"),
        pytest.param({"scope": "infer:other-thing"}, ScopeNotGranted, id="never-granted"),
        pytest.param({"scope": f"infer:{DIGITS} infer:other"}, ScopeNotGranted, id="one-too-many"),
        pytest.param({"scope": f"trial:{DIGITS}"}, InvalidScope, id="trial"),
    ],
)
def test_who_the_center_would_refuse_is_refused(
    office: Office, asked: dict[str, str], error: type[TokenError]
) -> None:
    with pytest.raises(error):
        office.ask(**asked)

    assert office.recorded() == []


def test_a_suspended_subscription_grants_nothing(office: Office) -> None:
    office.put(subscriptions=[_subscription(DIGITS, active=False), _subscription(LETTERS)])

    assert office.ask().scope == f"infer:{LETTERS}"
    with pytest.raises(ScopeNotGranted):
        office.ask(scope=f"infer:{DIGITS}")


def test_what_is_not_delegated_only_the_center_issues(office: Office) -> None:
    office.put({"capabilities": [DIGITS]})

    assert office.ask().scope == f"infer:{DIGITS}"
    with pytest.raises(TokensUnavailable):
        office.ask(scope=f"infer:{LETTERS}")


def test_a_certificate_for_nothing_issues_nothing(office: Office) -> None:
    office.put({"capabilities": []})

    with pytest.raises(TokensUnavailable):
        office.ask()


def test_without_a_certificate_nothing_is_issued(office: Office) -> None:
    office.put(issuer=None)

    with pytest.raises(TokensUnavailable, match="not certified"):
        office.ask()


def test_a_certificate_for_another_key_is_not_used(office: Office) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    office.put({"key": public_jwk(stranger.public_key())})

    with pytest.raises(TokensUnavailable, match="another key"):
        office.ask()


def test_a_token_ends_with_the_certificate(office: Office) -> None:
    ends = office.clocks.now + timedelta(seconds=200)
    office.put({"expires_at": ends.isoformat()})

    assert office.claims(office.ask())["exp"] == int(ends.timestamp())


@pytest.mark.parametrize(
    "times",
    [
        pytest.param({"expires_at": START.isoformat()}, id="expired"),
        pytest.param({"not_before": (START + timedelta(hours=1)).isoformat()}, id="not-yet"),
    ],
)
def test_outside_the_certificates_time_nothing_is_issued(
    office: Office, times: dict[str, str]
) -> None:
    office.put(times)

    with pytest.raises(TokensUnavailable):
        office.ask()


def test_an_expired_state_issues_nothing(office: Office) -> None:
    office.put({"expires_at": (START + timedelta(days=30)).isoformat()})
    office.clocks.now += timedelta(days=8)

    with pytest.raises(TokensUnavailable, match="desired state has expired"):
        office.ask()


def test_a_certificate_ends_by_the_wall_clock_too(office: Office) -> None:
    office.ask()
    office.clocks.now += timedelta(hours=73)

    with pytest.raises(TokensUnavailable, match="certificate has expired"):
        office.ask()


def test_G11_a_clock_that_is_turned_back_prolongs_nothing(office: Office) -> None:
    office.ask()
    office.clocks.pass_(timedelta(hours=73))
    office.clocks.now = START + timedelta(minutes=1)

    with pytest.raises(TokensUnavailable, match="expired"):
        office.ask()


def test_G11_a_clock_that_is_turned_back_over_a_restart_is_noticed(office: Office) -> None:
    office.clocks.pass_(timedelta(hours=71))
    office.ask()
    office.clocks.now = START + timedelta(minutes=1)
    office.restart()

    with pytest.raises(TokensUnavailable, match="turned back"):
        office.ask()


def test_wrong_secrets_are_slowed_and_the_right_one_is_served(office: Office) -> None:
    refusals: list[type[TokenError]] = []
    for _ in range(25):
        with pytest.raises(TokenError) as caught:
            office.ask(secret="x" * 43)
        refusals.append(caught.type)

    assert refusals == [InvalidClient] * 20 + [TooManyRequests] * 5
    # Secrets are 256 bits: to lock their owner out would only help whoever guesses.
    assert office.ask().expires_in == 600
    office.clocks.pass_(timedelta(seconds=61))
    with pytest.raises(InvalidClient):
        office.ask(secret="x" * 43)


def test_an_application_that_asks_without_end_is_slowed(office: Office) -> None:
    for _ in range(120):
        office.ask(scope=f"infer:{DIGITS}")

    with pytest.raises(TooManyRequests) as caught:
        office.ask()
    assert 0 < int(caught.value.headers["Retry-After"]) <= 61


def test_what_cannot_be_recorded_is_not_issued(office: Office) -> None:
    office.database.close()
    (office.folder / "agent.db").unlink()
    (office.folder / "agent.db").mkdir()

    with pytest.raises(TokensUnavailable, match="recorded"):
        office.ask()
