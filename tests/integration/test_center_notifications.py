"""People hear of what concerns them: at the bell, by signed webhook, by e-mail; nobody else does."""

import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import update

from center.adapters.webhooks import NotDelivered, Webhooks
from center.notification.errors import AddressRefused
from center.notification.outgoing import outgoing_of
from center.notification.rows import DeliveryRow, WebhookRow
from center.notification.sending import Sending
from center.notification.telling import Telling
from tests.integration.receivers import Mailbox, Receiver, mailbox, receiver
from tests.integration.telemetry_world import NOW, Center, running_center
from tests.integration.test_center_alarms import act, alarms, flood, look

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def post_box(tmp_path: Path) -> Iterator[Mailbox]:
    with mailbox(tmp_path) as running:
        yield running


@pytest.fixture
def center(database_url: str, tmp_path: Path) -> Iterator[Center]:
    with running_center(database_url, tmp_path, webhooks=True, webhook_networks=LOOPBACK) as made:
        tell(made)
        yield made


@pytest.fixture
def sqlite_center(tmp_path: Path, post_box: Mailbox) -> Iterator[Center]:
    url = f"sqlite:///{tmp_path / 'center.db'}"
    with running_center(
        url, tmp_path, webhooks=True, webhook_networks=LOOPBACK, **post_box.settings
    ) as made:
        tell(made)
        yield made


def tell(center: Center) -> None:
    """Let the worker tell of everything, then send what is due."""
    telling = Telling(center.database, center.world.clock)
    while telling.run():
        pass
    Sending(center.database, outgoing_of(center.world.settings), center.world.clock).run()


def raise_alarm(center: Center) -> str:
    flood(center)
    look(center)
    tell(center)
    identifier: str = alarms(center, rule="flood")[0]["id"]
    return identifier


def heard(center: Center, who: str, **query: str) -> list[str]:
    items = center.get("/notifications", who, **query)["items"]
    return [item["act"] for item in items]


def rule(center: Center, who: str, **wish: object) -> Response:
    return center.client(who).post("/api/v1/notification-rules", json=wish)


def add_webhook(center: Center, url: str, who: str = "zhejiang") -> dict[str, Any]:
    body = {"name": "ours", "url": url}
    answer = center.client(who).post("/api/v1/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_an_alarm_is_told_once_to_those_who_may_see_it(center: Center) -> None:
    for who in ("zhejiang", "guizhou", "engineer", "stranger"):
        center.client(who)
    alarm = raise_alarm(center)
    tell(center)

    assert heard(center, "zhejiang") == heard(center, "engineer") == ["alarm.raised"]
    assert heard(center, "guizhou") == heard(center, "stranger") == []
    act(center, alarm, "assign", {"assignee": "zhejiang-person"})
    tell(center)
    assert heard(center, "zhejiang") == ["alarm.assigned", "alarm.raised"]
    assert heard(center, "engineer") == ["alarm.raised"]


def test_what_is_read_is_unread_no_more(center: Center) -> None:
    center.client("zhejiang")
    raise_alarm(center)
    (item,) = center.get("/notifications", "zhejiang", unread="true")["items"]
    assert item["link"].startswith("/alarms?alarm=")
    assert center.get("/notifications/unread", "zhejiang") == {"count": 1}

    foreign = center.client("admin").post(f"/api/v1/notifications/{item['id']}:read")
    assert foreign.status_code == 404
    center.client("zhejiang").post(f"/api/v1/notifications/{item['id']}:read")

    assert center.get("/notifications/unread", "zhejiang") == {"count": 0}
    assert heard(center, "zhejiang", unread="true") == []


def test_a_webhook_is_signed_and_a_lost_mark_repeats_its_id(center: Center, hook: Receiver) -> None:
    made = add_webhook(center, hook.url)
    assert rule(center, "zhejiang", channel="webhook", target=made["id"]).status_code == 201
    hook.status = 503
    raise_alarm(center)
    hook.status = 204
    center.world.clock.move(timedelta(seconds=31))
    tell(center)
    tell(center)

    first, second = hook.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    stamp = second.headers["webhook-timestamp"]
    signed = f"{second.headers['webhook-id']}.{stamp}.".encode() + second.body
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    mark = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert second.headers["webhook-signature"] == f"v1,{mark}"
    (event,) = json.loads(second.body)["events"]
    assert (event["act"], event["province"]) == ("alarm.raised", "zhejiang")
    (delivery,) = center.get("/notification-deliveries", "zhejiang")["items"]
    assert (delivery["state"], delivery["attempts"]) == ("sent", 2)
    assert made["secret"] not in center.ask("/webhooks", "zhejiang").text


def test_an_email_goes_through_a_real_server_by_starttls(
    sqlite_center: Center, post_box: Mailbox
) -> None:
    wish = {"channel": "email", "target": "wang@example.org", "kinds": ["alarm"]}
    assert rule(sqlite_center, "zhejiang", **wish).status_code == 201
    raise_alarm(sqlite_center)

    (letter,) = post_box.letters
    assert (letter.to, letter.was_encrypted) == (["wang@example.org"], True)
    assert "/alarms?alarm=" in letter.text


def test_quiet_hours_hold_back_all_but_what_is_critical_and_a_digest_gathers(
    sqlite_center: Center, post_box: Mailbox
) -> None:
    # It is 20:30 in Shanghai; the flood is critical.
    email = {"channel": "email", "target": "wang@example.org"}
    quiet = {"quiet_from": "20:00", "quiet_to": "07:00"}
    rule(sqlite_center, "zhejiang", **email, **quiet, kinds=["incident"])
    rule(sqlite_center, "zhejiang", **email, timing="digest", digest_at="21:00", kinds=["alarm"])
    raise_alarm(sqlite_center)
    file = {
        "title": "A flood",
        "begins_at": NOW.isoformat(),
        "provinces": ["zhejiang"],
    }
    assert sqlite_center.client("admin").post("/api/v1/incidents", json=file).is_success
    tell(sqlite_center)
    assert post_box.letters == []

    sqlite_center.world.clock.move(timedelta(minutes=31))
    tell(sqlite_center)
    assert len(post_box.letters) == 1  # the digest

    sqlite_center.world.clock.move(timedelta(hours=10))
    tell(sqlite_center)
    assert len(post_box.letters) == 2


def test_channels_that_nobody_configured_are_refused(tmp_path: Path) -> None:
    with running_center(f"sqlite:///{tmp_path / 'center.db'}", tmp_path) as center:
        mail = rule(center, "zhejiang", channel="email", target="a@example.org")
        body = {"name": "ours", "url": "https://example.org/hook"}
        hooked = center.client("zhejiang").post("/api/v1/webhooks", json=body)

        assert (mail.status_code, hooked.status_code) == (409, 409)
        assert center.get("/notification-channels", "zhejiang") == {
            "email": False,
            "webhooks": False,
        }


def test_nobody_sends_by_anothers_webhook(sqlite_center: Center, hook: Receiver) -> None:
    made = add_webhook(sqlite_center, hook.url)

    stolen = rule(sqlite_center, "guizhou", channel="webhook", target=made["id"])
    dropped = sqlite_center.client("guizhou").delete(f"/api/v1/webhooks/{made['id']}")

    assert (stolen.status_code, dropped.status_code) == (404, 404)


def test_what_one_person_set_up_badly_or_slowly_holds_up_nobody_else(
    sqlite_center: Center, hook: Receiver, post_box: Mailbox
) -> None:
    # Such targets were taken by earlier releases.
    bad = add_webhook(sqlite_center, hook.url, "guizhou")
    for channel, target in (("webhook", bad["id"]), ("email", "a@example.org")):
        made = rule(sqlite_center, "guizhou", channel=channel, target=target).json()
        sqlite_center.client("guizhou").post(f"/api/v1/notification-rules/{made['id']}:test")
    with sqlite_center.database.session() as session:
        session.execute(update(WebhookRow).values(url=f"{hook.url}/é"))
        session.execute(
            update(DeliveryRow).where(DeliveryRow.channel == "email").values(target="a@")
        )
    incident = {"title": "broken", "begins_at": NOW.isoformat(), "provinces": ["zhejiang"]}
    sqlite_center.client("admin").post("/api/v1/incidents", json=incident).raise_for_status()
    rule(sqlite_center, "zhejiang", channel="email", target="wang@example.org")
    raise_alarm(sqlite_center)

    assert [letter.to for letter in post_box.letters] == [["wang@example.org"]] * 2
    failed = sqlite_center.get("/notification-deliveries", "guizhou")["items"]
    assert {item["attempts"] for item in failed} == {1}


def test_nothing_leaves_to_somebody_who_was_shut_out_meanwhile(
    sqlite_center: Center, post_box: Mailbox
) -> None:
    rule(sqlite_center, "zhejiang", channel="email", target="wang@example.org", timing="digest")
    raise_alarm(sqlite_center)
    sqlite_center.world.admin.post("/users/zhejiang-person:disable")

    sqlite_center.world.clock.move(timedelta(days=1))
    tell(sqlite_center)

    assert post_box.letters == []


def test_one_person_has_so_many_rules_and_tests_one_once_a_minute(
    sqlite_center: Center, post_box: Mailbox
) -> None:
    email = {"channel": "email", "target": "wang@example.org"}
    (first, *_) = made = [rule(sqlite_center, "zhejiang", **email) for _ in range(51)]
    for _ in range(3):
        path = f"/api/v1/notification-rules/{first.json()['id']}:test"
        assert sqlite_center.client("zhejiang").post(path).status_code == 204
    tell(sqlite_center)

    assert [answer.status_code for answer in made] == [201] * 50 + [409]
    assert len(post_box.letters) == 1


@pytest.mark.parametrize(
    "address", ["a@", "<@", "a@b.org,c@d.org", "a@b.org\u202e", "@b.org", "a b@c.org", "-f@b.org"]
)
def test_what_is_not_one_plain_address_is_refused(sqlite_center: Center, address: str) -> None:
    assert rule(sqlite_center, "zhejiang", channel="email", target=address).status_code == 422


def test_quiet_hours_with_an_offset_of_their_own_are_refused(sqlite_center: Center) -> None:
    # Compared with a time of the person's zone they would end the round for everybody.
    wish = {"quiet_from": "20:00:00Z", "quiet_to": "07:00:00+08:00"}

    assert rule(sqlite_center, "zhejiang", **wish).status_code == 422


_FORBIDDEN = (
    *("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0"),  # noqa: S104 - a target, nothing binds
    *("127.1", "2130706433", "0x7f000001", "10.0.0.1", "172.16.3.4", "192.168.1.1", "[::]"),
    *("169.254.169.254", "[fe80::1]", "[fd00::1]", "100.64.0.1", "[64:ff9b::7f00:1]"),
    *("[2002:7f00:1::]", "224.0.0.1", "[ff02::1]", "255.255.255.255", "192.0.2.1"),
    *("[::7f00:1]", "[::ffff:0:7f00:1]", "[fec0::1]", "[3fff::1]", "192.0.0.8", "192.88.99.1"),
    *("①②⑦.0.0.1", "127。0。0。1"),  # what a resolver takes for 127.0.0.1
)


@pytest.mark.parametrize("host", _FORBIDDEN)
def test_C04_addresses_that_are_not_public_are_refused(host: str, hook: Receiver) -> None:
    for scheme in ("https", "http"):
        with pytest.raises(AddressRefused):
            Webhooks().post(f"{scheme}://{host}:{hook.port}/x", b"{}", {})

    assert hook.got == []


def test_C04_an_address_is_refused_when_it_is_added(tmp_path: Path) -> None:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path, webhooks=True) as center:
        for url in (
            *("https://127.0.0.1/x", "http://example.org/x", "https://a:b@example.org/"),
            *("https://example.org/é", "https://é.example.org/"),
        ):
            body = {"name": "ours", "url": url}
            answer = center.client("zhejiang").post("/api/v1/webhooks", json=body)
            assert answer.status_code == 422, url


def test_C04_a_name_that_rebinds_after_the_check_reaches_nothing(hook: Receiver) -> None:
    answers = iter([["203.0.114.9"], ["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []

    def rebinding(host: str, _: int) -> Collection[str]:
        asked.append(host)
        return next(answers)

    webhooks = Webhooks(resolve=rebinding)
    webhooks.check(f"https://rebind.example:{hook.port}/x")  # as when it was added: public
    with pytest.raises(AddressRefused):
        webhooks.post(f"https://rebind.example:{hook.port}/x", b"{}", {})

    assert (asked, hook.got) == (["rebind.example"] * 2, [])  # looked up once for each use


def test_C04_one_forbidden_address_among_public_ones_is_enough(hook: Receiver) -> None:
    def both(_: str, __: int) -> Collection[str]:
        return ["203.0.114.9", "::ffff:127.0.0.1"]

    with pytest.raises(AddressRefused):
        Webhooks(resolve=both).post(f"https://both.example:{hook.port}/x", b"{}", {})

    assert hook.got == []


def test_C04_redirects_are_not_followed(hook: Receiver) -> None:
    with receiver() as canary:
        hook.status, hook.location = 302, canary.url

        with pytest.raises(NotDelivered, match="302"):
            Webhooks(allowed=LOOPBACK).post(hook.url, b"{}", {})

        assert (len(hook.got), canary.got) == (1, [])
