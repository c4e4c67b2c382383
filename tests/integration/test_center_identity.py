"""Identity on every engine: SQLite, PostgreSQL and MariaDB, through HTTP."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from httpx2 import Response
from sqlalchemy import text

from center.access.keys import public_jwk
from tests.center_world import PASSWORD, Person, World, running_center


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with running_center(database_url, tmp_path) as made:
        yield made


def _codes(answers: list[Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_an_invited_person_sets_a_password_once_and_signs_in(world: World) -> None:
    body = {"name": "li-na", "role": "engineer", "organisation": "center"}
    made = world.admin.post("/users", body)
    code = made.json()["invitation"]["code"]

    before = world.anonymous.post(
        "/api/v1/sessions", json={"name": "li-na", "password": "any password at all"}
    )
    accept = {"code": code, "password": PASSWORD}
    first = world.anonymous.post("/api/v1/invitations:accept", json=accept)
    second = world.anonymous.post("/api/v1/invitations:accept", json=accept)

    assert made.json()["user"]["state"] == "invited"
    assert before.status_code == 401
    assert first.json() == {
        "name": "li-na",
        "role": "engineer",
        "organisation": "center",
        "provinces": None,
    }
    assert (second.status_code, second.json()["type"]) == (403, "/problems/code-refused")
    assert Person(world.app, "li-na").get("/me").status_code == 200


def test_an_invitation_expires(world: World) -> None:
    body = {"name": "li-na", "role": "engineer", "organisation": "center"}
    code = world.admin.post("/users", body).json()["invitation"]["code"]
    world.clock.move(timedelta(hours=72))

    accept = {"code": code, "password": PASSWORD}
    answer = world.anonymous.post("/api/v1/invitations:accept", json=accept)

    assert answer.status_code == 403


def test_names_are_taken_once_but_compared_exactly(world: World) -> None:
    world.add_province("zhejiang")
    body = {"name": "zhejiang", "titles": {"zh": "浙江", "en": "Zhejiang"}}

    assert world.admin.post("/provinces", body).json()["type"] == "/problems/name-taken"
    world.admin.post("/applications", {"name": "Desk", "province": "zhejiang"})
    again = world.admin.post("/applications", {"name": "Desk", "province": "zhejiang"})
    other = world.admin.post("/applications", {"name": "desk", "province": "zhejiang"})

    assert again.status_code == 409
    assert other.status_code == 201


def test_disabling_ends_sessions_and_api_tokens_at_once(world: World) -> None:
    person = world.add_person("li-na", "engineer")
    token = person.post("/api-tokens", {"label": "x"}).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}

    assert world.admin.post("/users/li-na:disable").json()["state"] == "disabled"

    assert person.get("/me").status_code == 401
    assert world.anonymous.get("/api/v1/me", headers=bearer).status_code == 401
    assert world.admin.post("/users/li-na:enable").json()["state"] == "active"
    assert person.get("/me").status_code == 401
    assert Person(world.app, "li-na").get("/me").status_code == 200


def test_a_reset_makes_the_old_password_worthless(world: World) -> None:
    person = world.add_person("li-na", "engineer")

    invitation = world.admin.post("/users/li-na:reset").json()["invitation"]

    assert person.get("/me").status_code == 401
    old = world.anonymous.post("/api/v1/sessions", json={"name": "li-na", "password": PASSWORD})
    assert old.status_code == 401
    accept = {"code": invitation["code"], "password": "another long sentence"}
    assert world.anonymous.post("/api/v1/invitations:accept", json=accept).status_code == 200
    Person(world.app, "li-na", "another long sentence")


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("disable", None),
        ("reset", None),
        ("change-role", {"role": "engineer", "organisation": "center"}),
    ],
)
def test_the_last_admin_cannot_vanish(world: World, act: str, body: object) -> None:
    invited = {"name": "li-na", "role": "admin", "organisation": "center"}
    world.admin.post("/users", invited)  # has not accepted, so is nobody to rely on

    answer = world.admin.post(f"/users/root:{act}", body)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/last-admin")
    assert world.admin.get("/me").json()["user"]["role"] == "admin"


def test_two_admins_who_disable_each_other_at_once_do_not_both_vanish(world: World) -> None:
    other = world.add_person("li-na", "admin")
    with ThreadPoolExecutor(2) as pool:
        acts = [
            pool.submit(world.admin.post, "/users/li-na:disable"),
            pool.submit(other.post, "/users/root:disable"),
        ]
        codes = _codes([act.result() for act in acts])

    # The second one is refused as the last admin, or is not signed in any more.
    assert codes[0] == 200
    assert codes[1] in (401, 409)
    with world.database.session(write=False) as session:
        active = session.scalar(
            text("SELECT count(*) FROM user_account WHERE role='admin' AND disabled_at IS NULL")
        )
    assert active == 1


def test_an_edge_enrols_once_with_a_code_and_again_at_the_next_epoch(world: World) -> None:
    world.add_province("zhejiang")
    first = world.enrol("zhejiang").identity
    second = world.enrol("zhejiang").identity

    assert (first.edge, first.epoch, first.province) == ("edge-zhejiang", 1, "zhejiang")
    assert (second.edge, second.epoch) == ("edge-zhejiang", 2)
    assert first.audience == "urn:jiuzhou:gateway:zhejiang"
    assert first.zone == "Asia/Shanghai"
    assert first.state_keys == second.state_keys
    assert first.state_keys[0]["kid"] != first.release_keys[0]["kid"]
    listed = world.admin.get("/edges").json()
    assert [(item["id"], item["epoch"]) for item in listed["items"]] == [("edge-zhejiang", 2)]


def test_an_enrolment_code_is_good_once_and_for_fifteen_minutes(world: World) -> None:
    world.add_province("zhejiang")
    key = public_jwk(generate_private_key(SECP256R1()).public_key())

    def enrol(code: str) -> Response:
        body = {"code": code, "public_key": key, "gateway_url": "http://127.0.0.1:8500"}
        return world.anonymous.post("/api/v1/edges", json=body)

    code = world.admin.post("/provinces/zhejiang/enrolment-codes").json()["code"]
    with ThreadPoolExecutor(4) as pool:
        assert _codes(list(pool.map(enrol, [code] * 4))) == [201, 403, 403, 403]
    code = world.admin.post("/provinces/zhejiang/enrolment-codes").json()["code"]
    world.clock.move(timedelta(minutes=15))

    assert enrol(code).json()["type"] == "/problems/code-refused"


def test_secrets_of_an_application_rotate_with_two_valid(world: World) -> None:
    world.add_province("zhejiang")
    made = world.admin.post("/applications", {"name": "desk", "province": "zhejiang"}).json()
    path = f"/applications/{made['client_id']}"
    first = world.admin.get(path).json()["secrets"][0]["id"]

    second = world.admin.post(f"{path}/secrets")
    third = world.admin.post(f"{path}/secrets")

    assert second.status_code == 201
    assert (third.status_code, third.json()["type"]) == (409, "/problems/too-many-secrets")
    assert world.admin.delete(f"{path}/secrets/{first}").status_code == 204
    assert world.admin.delete(f"{path}/secrets/{first}").status_code == 404
    shown = world.admin.get(path)
    assert [item["id"] for item in shown.json()["secrets"]] == [second.json()["id"]]
    assert made["client_secret"] not in shown.text


def test_only_two_secrets_are_made_however_many_ask_at_once(world: World) -> None:
    world.add_province("zhejiang")
    made = world.admin.post("/applications", {"name": "desk", "province": "zhejiang"}).json()
    path = f"/applications/{made['client_id']}/secrets"
    with ThreadPoolExecutor(4) as pool:
        codes = _codes([act.result() for act in [pool.submit(world.admin.post, path)] * 1])
        codes += _codes(list(pool.map(lambda _: world.admin.post(path), range(4))))

    assert sorted(codes) == [201, 409, 409, 409, 409]


def test_the_audit_trail_tells_who_did_what_and_finds_a_changed_act(world: World) -> None:
    world.add_province("zhejiang")
    world.add_person("li-na", "engineer")
    world.admin.post("/users/li-na:disable")

    acts = world.admin.get("/audit?limit=2").json()
    rest = world.admin.get(f"/audit?limit=50&cursor={acts['next']}").json()

    assert acts["items"][0]["act"] == "user.disabled"
    assert acts["items"][0]["actor"] == "root"
    assert acts["items"][0]["subject"] == "user/li-na"
    named = [item["act"] for item in acts["items"] + rest["items"]]
    assert named[-1] == "admin.created"
    assert len(named) == acts["total"] == rest["total"]
    assert world.admin.get("/audit:verify").json()["intact"] is True
    with world.database.session() as session:
        session.execute(text("UPDATE audit SET actor='li-na' WHERE seq=2"))
    verdict = world.admin.get("/audit:verify").json()
    assert (verdict["intact"], verdict["broken_at"]) == (False, 2)


@pytest.mark.parametrize(
    ("damage", "broken_at"),
    [
        ("DELETE FROM audit WHERE seq=2", 2),
        ("DELETE FROM audit WHERE seq=(SELECT seq FROM audit_head)", 4),
        ("UPDATE audit SET seq=100 WHERE seq=2", 2),
        ("UPDATE audit SET detail='{}' WHERE seq=2", 2),
    ],
)
def test_a_trail_with_a_gap_a_cut_or_another_order_is_found(
    world: World, damage: str, broken_at: int
) -> None:
    for name in ("zhejiang", "guizhou", "hunan"):
        world.add_province(name)
    assert world.admin.get("/audit:verify").json() == {
        "intact": True,
        "rows": 4,
        "broken_at": None,
    }

    with world.database.session() as session:
        session.execute(text(damage))

    verdict = world.admin.get("/audit:verify").json()
    assert (verdict["intact"], verdict["broken_at"]) == (False, broken_at)


def test_acts_at_the_same_moment_make_one_chain(world: World) -> None:
    world.add_province("zhejiang")
    with ThreadPoolExecutor(6) as pool:
        path = "/provinces/zhejiang/enrolment-codes"
        codes = set(pool.map(lambda _: world.admin.post(path).status_code, range(18)))

    assert codes == {201}
    verdict = world.admin.get("/audit:verify").json()
    assert verdict == {"intact": True, "rows": 20, "broken_at": None}


def test_lists_are_paged_in_order_without_gaps(world: World) -> None:
    names = [f"p-{n:02}" for n in range(7)]
    for name in reversed(names):
        world.add_province(name)

    seen: list[str] = []
    cursor = ""
    while True:
        page = world.admin.get(f"/provinces?limit=3{cursor}").json()
        seen += [item["name"] for item in page["items"]]
        assert page["total"] == 7
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == names
    wrong = world.admin.get("/provinces?cursor=WzFd")
    assert wrong.status_code == 400
    assert wrong.json()["type"] == "/problems/invalid-request"


def test_a_creation_repeated_at_once_happens_once(world: World) -> None:
    body = {"name": "zhejiang", "titles": {"zh": "浙江", "en": "Zhejiang"}}
    key = {"Idempotency-Key": "3b1f6f0e-8f0e-4b3c-9d59-1c1ab8b2a111"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: world.admin.post("/provinces", body, headers=key), range(4))
        )

    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert made
    assert all(item == made[0] for item in made)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert world.admin.post("/provinces", body, headers=key).json() == made[0]
    assert world.admin.get("/provinces").json()["total"] == 1


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"public_key": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}, "key-refused"),
        ({"public_key": {"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"}}, "key-refused"),
        ({"public_key": {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}}, "key-refused"),
        ({"public_key": {"kty": "EC", "crv": "P-256", "x": 1, "y": None}}, "key-refused"),
        ({"public_key": {}}, "key-refused"),
        ({"gateway_url": "ftp://127.0.0.1"}, "invalid-input"),
        ({"gateway_url": "http://user:secret@127.0.0.1"}, "invalid-input"),
        ({"gateway_url": "http://[::1"}, "invalid-input"),
        ({"gateway_url": "http://127.0.0.1:99999"}, "invalid-input"),
    ],
)
def test_a_crooked_enrolment_is_refused_and_does_not_use_the_code_up(
    world: World, change: dict[str, object], kind: str
) -> None:
    world.add_province("zhejiang")
    good = {
        "code": world.admin.post("/provinces/zhejiang/enrolment-codes").json()["code"],
        "public_key": public_jwk(generate_private_key(SECP256R1()).public_key()),
        "gateway_url": "http://127.0.0.1:8500",
    }

    refused = world.anonymous.post("/api/v1/edges", json={**good, **change})

    assert (refused.status_code, refused.json()["type"]) == (422, f"/problems/{kind}")
    assert world.anonymous.post("/api/v1/edges", json=good).json()["epoch"] == 1


def test_a_private_key_is_refused_at_enrolment(world: World) -> None:
    world.add_province("zhejiang")
    key = {**public_jwk(generate_private_key(SECP256R1()).public_key()), "d": "c2VjcmV0"}
    code = world.admin.post("/provinces/zhejiang/enrolment-codes").json()["code"]
    body = {"code": code, "public_key": key, "gateway_url": "http://127.0.0.1:8500"}

    answer = world.anonymous.post("/api/v1/edges", json=body)

    assert answer.json()["type"] == "/problems/key-refused"
    assert "c2VjcmV0" not in answer.text


def test_names_of_any_script_are_kept_as_they_are(world: World) -> None:
    titles = {"zh": "浙江 🏔 省", "en": "Zhèjiāng"}
    world.admin.post("/provinces", {"name": "zhejiang", "titles": titles})

    assert world.admin.get("/provinces").json()["items"][0]["titles"] == titles


def test_a_value_that_no_engine_can_hold_is_not_an_unexpected_failure(world: World) -> None:
    for text_value in ("a\x00b", "\ud800"):
        body = {"name": "hunan", "titles": {"zh": text_value, "en": "x"}}
        content = json.dumps(body)
        answer = world.admin.http.post(
            "/api/v1/provinces", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (201, 422), answer.text
