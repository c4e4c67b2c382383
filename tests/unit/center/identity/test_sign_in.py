"""Signing in, sessions, API tokens, through HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.center_world import PASSWORD, Person, World, running_center


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path, sign_in_attempts=3) as made:
        yield made


def _sign_in(world: World, name: str, password: str) -> tuple[int, str]:
    answer = world.anonymous.post("/api/v1/sessions", json={"name": name, "password": password})
    return answer.status_code, answer.json().get("type", "")


def test_a_person_signs_in_and_the_cookie_is_out_of_reach_of_scripts(world: World) -> None:
    answer = world.anonymous.post("/api/v1/sessions", json={"name": "root", "password": PASSWORD})

    assert answer.status_code == 201
    user = answer.json()["user"]
    assert (user["name"], user["role"], user["provinces"]) == ("root", "admin", None)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert cookie.split("=")[1].split(";")[0] not in answer.text
    assert world.admin.get("/me").json()["csrf_token"] == world.admin.csrf_token


def test_a_wrong_password_and_an_unknown_name_are_answered_the_same(world: World) -> None:
    known = world.anonymous.post(
        "/api/v1/sessions", json={"name": "root", "password": "wrong wrong wrong"}
    )
    unknown = world.anonymous.post(
        "/api/v1/sessions", json={"name": "nobody", "password": "wrong wrong wrong"}
    )

    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert known.json()["type"] == "/problems/sign-in-refused"
    assert "wrong wrong" not in known.text


def test_guessing_an_account_is_stopped_even_with_the_right_password(world: World) -> None:
    for _ in range(3):
        assert _sign_in(world, "root", "a wrong password")[0] == 401

    answer = world.anonymous.post("/api/v1/sessions", json={"name": "root", "password": PASSWORD})

    assert answer.status_code == 429
    assert answer.json()["type"] == "/problems/too-many-attempts"
    assert 0 < int(answer.headers["retry-after"]) <= 15 * 60 + 1
    world.clock.move(timedelta(minutes=16))
    assert _sign_in(world, "root", PASSWORD)[0] == 201


def test_an_unknown_name_is_limited_like_a_known_one(world: World) -> None:
    for _ in range(3):
        assert _sign_in(world, "nobody", "a wrong password")[0] == 401

    assert _sign_in(world, "nobody", "a wrong password")[0] == 429


def test_guessing_many_accounts_from_one_address_is_stopped(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    with running_center(url, tmp_path, sign_in_attempts_per_address=4) as world:
        codes = [_sign_in(world, f"user-{n}", "a wrong password")[0] for n in range(5)]

    assert codes == [401, 401, 401, 401, 429]


def test_good_sign_ins_use_no_attempts_up(world: World) -> None:
    codes = {_sign_in(world, "root", PASSWORD)[0] for _ in range(8)}

    assert codes == {201}


def test_a_change_by_cookie_needs_the_csrf_token(world: World) -> None:
    del world.admin.http.headers["X-CSRF-Token"]

    answer = world.admin.post("/provinces", {"name": "hunan", "titles": {"zh": "湖南", "en": "H"}})

    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/csrf-token-missing"
    assert world.admin.get("/provinces").json()["total"] == 0


def test_another_sessions_csrf_token_is_worth_nothing(world: World) -> None:
    other = Person(world.app, "root")
    other.http.headers["X-CSRF-Token"] = world.admin.csrf_token

    assert other.post("/api-tokens", {"label": "x"}).status_code == 403


def test_signing_out_ends_the_session_at_the_center_too(world: World) -> None:
    person = Person(world.app, "root")
    cookie = person.http.cookies["jiuzhou_session"]

    assert person.delete("/sessions/current").status_code == 204

    thief = world.anonymous
    thief.cookies.set("jiuzhou_session", cookie)
    assert thief.get("/api/v1/me").status_code == 401


def test_a_session_ends_by_itself(world: World) -> None:
    world.clock.move(timedelta(hours=12))

    assert world.admin.get("/me").status_code == 401


def test_an_api_token_acts_for_its_user_without_cookie_and_makes_no_other(world: World) -> None:
    made = world.admin.post("/api-tokens", {"label": "nightly"}).json()
    program = world.anonymous
    program.headers["Authorization"] = f"Bearer {made['token']}"

    assert program.get("/api/v1/me").json()["user"]["name"] == "root"
    assert program.post("/api/v1/api-tokens", json={"label": "more"}).status_code == 403
    listed = world.admin.get("/api-tokens")
    assert made["token"] not in listed.text
    assert [item["id"] for item in listed.json()["items"]] == [made["id"]]
    assert world.admin.delete(f"/api-tokens/{made['id']}").status_code == 204
    assert program.get("/api/v1/me").status_code == 401


def test_a_program_withdraws_its_own_token(world: World) -> None:
    tokens = [world.admin.post("/api-tokens", {"label": "x"}).json()["token"] for _ in range(2)]
    first, second = world.anonymous, world.anonymous
    first.headers["Authorization"] = f"Bearer {tokens[0]}"
    second.headers["Authorization"] = f"Bearer {tokens[1]}"

    assert first.delete("/api/v1/api-tokens/current").status_code == 204

    assert first.get("/api/v1/me").status_code == 401
    assert second.get("/api/v1/me").status_code == 200
    assert world.admin.delete("/api-tokens/current").status_code == 404


def test_a_wrong_bearer_token_is_not_saved_by_a_valid_cookie(world: World) -> None:
    answer = world.admin.get("/me", headers={"Authorization": "Bearer jzt_guess"})

    assert answer.status_code == 401


def test_two_authorization_headers_are_refused(world: World) -> None:
    token = world.admin.post("/api-tokens", {"label": "x"}).json()["token"]
    twice = [("Authorization", f"Bearer {token}")] * 2

    assert world.anonymous.get("/api/v1/me", headers=twice).status_code == 401


def test_no_secret_stands_in_the_database(world: World, tmp_path: Path) -> None:
    token = world.admin.post(
        "/api-tokens", {"label": "x"}, headers={"Idempotency-Key": "0123456789abcdef-1"}
    ).json()["token"]
    cookie = world.admin.http.cookies["jiuzhou_session"]
    world.database.close()

    stored = b"".join(path.read_bytes() for path in tmp_path.glob("c.db*"))

    assert b"root" in stored
    for secret in (token, token.removeprefix("jzt_"), cookie, PASSWORD, world.admin.csrf_token):
        assert secret.encode() not in stored


def test_a_creation_that_is_sent_twice_happens_once(world: World) -> None:
    key = {"Idempotency-Key": "0123456789abcdef-2"}

    first = world.admin.post("/api-tokens", {"label": "x"}, headers=key)
    second = world.admin.post("/api-tokens", {"label": "x"}, headers=key)
    other = world.admin.post("/api-tokens", {"label": "y"}, headers=key)

    assert first.status_code == 201
    assert (second.status_code, second.json()) == (201, first.json())
    assert other.status_code == 409
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert world.admin.get("/api-tokens").json()["total"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"name": "root", "password": PASSWORD, "role": "admin"},
        {"name": "ROOT", "password": PASSWORD},
        {"name": "root"},
        {"name": "root", "password": ""},
        {"name": ["root"], "password": PASSWORD},
    ],
)
def test_an_odd_sign_in_is_refused_by_name_of_the_field(world: World, body: object) -> None:
    answer = world.anonymous.post("/api/v1/sessions", json=body)

    assert answer.status_code == 422
    assert answer.json()["fields"]
    assert PASSWORD not in answer.text
