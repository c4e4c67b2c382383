"""Sign-in through a real Keycloak: its own form, its own keys, over HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from center.app import create_app
from center.settings import OidcSettings
from tests.center_world import PASSWORD, World, running_center
from tests.servers.keycloak.server import CLIENT, Browser, Keycloak, running_keycloak

_CENTER = "http://testserver"
_CALLBACK = f"{_CENTER}/api/v1/oidc/callback"
_ROLES = {"platform-admin": "admin", "province-operator": "operator"}


@pytest.fixture(scope="module")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    folder = tmp_path_factory.mktemp("oidc")
    with running_keycloak(folder, [_CALLBACK, f"{_CENTER}/"]) as server:
        server.add_person("li-na", "platform-admin")
        server.add_person("Wang.Wei", "province-operator", organisation="zhejiang")
        server.add_person("guest")
        server.add_person("lost", "province-operator", organisation="nowhere")
        yield server


@contextmanager
def _center(keycloak: Keycloak, folder: Path, **changes: Any) -> Iterator[World]:  # noqa: ANN401 - settings
    found = {
        "issuer": keycloak.issuer,
        "client_id": CLIENT,
        "client_secret": keycloak.client_secret,
        "roles": _ROLES,
        "title": "Keycloak",
        "contact": "the platform team, ext. 100",
        **changes,
    }
    oidc = OidcSettings.model_validate(found)
    url = f"sqlite:///{folder / 'c.db'}"
    with running_center(url, folder, oidc=oidc, public_url=_CENTER) as world:
        world.clock.moment = datetime.now(UTC)
        yield world


@pytest.fixture
def world(keycloak: Keycloak, tmp_path: Path) -> Iterator[World]:
    with _center(keycloak, tmp_path) as made:
        made.admin = type(made.admin)(made.app, "root")
        made.add_province("zhejiang")
        yield made


@pytest.fixture
def visit(world: World) -> Iterator["Visit"]:
    with ExitStack() as stack:

        def arrive() -> Visitor:
            provider = Browser()
            stack.callback(provider.close)
            return Visitor(TestClient(world.app, follow_redirects=False), provider)

        yield arrive


@dataclass
class Visitor:
    """One browser that goes from the center to Keycloak and back."""

    center: TestClient
    provider: Browser

    def leave(self, back_to: str = "/store") -> str:
        answer = self.center.get("/api/v1/oidc/start", params={"back_to": back_to})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def come_back(self, address: str) -> str:
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == _CALLBACK
        answer = self.center.get(f"{parts.path}?{parts.query}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def sign_in(self, name: str) -> str:
        return self.come_back(self.provider.sign_in(self.leave(), name))

    def who(self) -> dict[str, Any]:
        answer = self.center.get("/api/v1/me")
        found: dict[str, Any] = answer.json().get("user", {})
        return found


Visit = Callable[[], Visitor]


def test_people_sign_in_at_keycloak_and_are_what_it_says(world: World, visit: Visit) -> None:
    admin, operator = visit(), visit()

    assert (admin.sign_in("li-na"), operator.sign_in("Wang.Wei")) == ("/store", "/store")

    assert admin.who() == {
        "name": "li-na",
        "role": "admin",
        "organisation": "center",
        "provinces": None,
    }
    assert operator.who()["name"] == "wang.wei"
    assert operator.who()["provinces"] == ["zhejiang"]
    joined = world.admin.get("/audit?act=user.joined").json()["items"]
    assert [item["actor"] for item in joined] == ["wang.wei", "li-na"]
    assert world.admin.post("/users/li-na:reset").json()["type"] == "/problems/providers-account"
    options = world.anonymous.get("/api/v1/sign-in-options").json()
    assert options["provider"]["contact"] == "the platform team, ext. 100"


def test_who_has_no_role_is_told_and_gets_no_session(world: World, visit: Visit) -> None:
    for name in ("guest", "lost"):
        visitor = visit()
        assert visitor.sign_in(name) == "/sign-in?failed=oidc-no-role"
        assert visitor.center.get("/api/v1/me").status_code == 401
    assert {item["name"] for item in world.admin.get("/users").json()["items"]} == {"root"}


def test_a_role_that_keycloak_takes_away_ends_what_was_open(
    visit: Visit, keycloak: Keycloak
) -> None:
    user = keycloak.add_person("leaver", "platform-admin")
    first, again = visit(), visit()
    first.sign_in("leaver")
    before = first.center.get("/api/v1/me").status_code
    keycloak.take_roles(user)

    assert again.sign_in("leaver") == "/sign-in?failed=oidc-no-role"
    assert (before, first.center.get("/api/v1/me").status_code) == (200, 401)


def test_a_disabled_person_stays_out_and_a_local_name_is_not_taken_over(
    world: World, visit: Visit
) -> None:
    visit().sign_in("li-na")
    world.admin.post("/users/li-na:disable")
    world.add_person("wang.wei", "engineer")

    assert visit().sign_in("li-na") == "/sign-in?failed=account-disabled"
    assert visit().sign_in("Wang.Wei") == "/sign-in?failed=name-taken"


def test_a_way_back_is_good_once_and_in_the_browser_that_left(world: World, visit: Visit) -> None:
    visitor, other = visit(), visit()
    address = visitor.provider.sign_in(visitor.leave(), "li-na")

    assert other.come_back(address) == "/sign-in?failed=oidc-refused"
    assert visitor.come_back(address) == "/store"
    assert visitor.come_back(address) == "/sign-in?failed=oidc-refused"
    late = visit()
    address = late.provider.sign_in(late.leave(), "li-na")
    world.clock.move(timedelta(minutes=11))
    assert late.come_back(address) == "/sign-in?failed=oidc-refused"


def test_pkce_and_nonce_are_asked_for_and_another_ones_code_is_refused(visit: Visit) -> None:
    visitor, other = visit(), visit()
    asked = parse_qs(urlsplit(visitor.leave()).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"][0] != asked["state"][0]
    stolen = parse_qs(urlsplit(other.provider.sign_in(other.leave(), "li-na")).query)["code"][0]

    # The thief's own way, with somebody else's code: the verifier does not belong to it.
    address = f"{_CALLBACK}?state={asked['state'][0]}&code={stolen}"

    assert visitor.come_back(address) == "/sign-in?failed=oidc-refused"


def test_a_new_key_of_keycloak_is_taken_at_once(visit: Visit, keycloak: Keycloak) -> None:
    assert visit().sign_in("li-na") == "/store"

    keycloak.rotate_keys()

    assert visit().sign_in("li-na") == "/store"


@pytest.mark.parametrize(
    ("minutes", "page"), [(-0.5, "/store"), (-3, "/sign-in?failed=oidc-refused")]
)
def test_clocks_may_differ_by_a_minute(
    world: World, visit: Visit, minutes: float, page: str
) -> None:
    world.clock.move(timedelta(minutes=minutes))

    assert visit().sign_in("li-na") == page


def test_a_token_of_another_issuer_or_for_another_client_is_refused(
    keycloak: Keycloak, tmp_path: Path
) -> None:
    other = {"issuer": f"{keycloak.url}/realms/master/", "client_id": CLIENT}
    with _center(keycloak, tmp_path, **other) as world:
        answer = TestClient(world.app, follow_redirects=False).get("/api/v1/oidc/start")

    assert answer.headers["location"] == "/sign-in?failed=oidc-refused"


def test_signing_out_ends_keycloaks_own_session_too(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("li-na")
    csrf = visitor.center.get("/api/v1/me").json()["csrf_token"]
    assert visitor.provider.http.get(visitor.leave()).is_redirect  # it still knows the browser

    answer = visitor.center.post(
        "/api/v1/sessions/current:sign-out", headers={"X-CSRF-Token": csrf}
    )

    assert visitor.center.get("/api/v1/me").status_code == 401
    visitor.provider.sign_out(answer.json()["provider_url"])
    assert not visitor.provider.http.get(visitor.leave()).is_redirect


def test_a_frozen_keycloak_costs_nobody_their_local_sign_in(
    world: World, keycloak: Keycloak
) -> None:
    keycloak.freeze()
    try:
        location = TestClient(world.app, follow_redirects=False).get("/api/v1/oidc/start")
        assert location.headers["location"] == "/sign-in?failed=oidc-provider-away"
        body = {"name": "root", "password": PASSWORD}
        assert world.anonymous.post("/api/v1/sessions", json=body).status_code == 201
    finally:
        keycloak.thaw()


def test_passwords_can_be_switched_off(world: World) -> None:
    settings = world.settings.model_copy(update={"local_accounts": False})

    with TestClient(create_app(settings, clock=world.clock)) as strict:
        body = {"name": "root", "password": PASSWORD}
        answer = strict.post("/api/v1/sessions", json=body)
        options = strict.get("/api/v1/sign-in-options").json()

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/local-accounts-off")
    assert (options["local"], options["provider"]["title"]) == (False, "Keycloak")


@pytest.mark.parametrize("page", ["//evil.example", "/\\evil.example", "https://evil.example", "x"])
def test_one_is_sent_to_own_pages_only(world: World, page: str) -> None:
    answer = world.anonymous.get("/api/v1/oidc/start", params={"back_to": page})

    assert answer.status_code == 422
