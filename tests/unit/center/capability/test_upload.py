"""Uploading packages, through HTTP, on every database: what is kept, refused, left behind."""

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from center.app import create_app
from center.capability.intake import collect_orphans
from tests.center_store_world import Author, Shop, manifest, open_shop
from tests.center_world import Person, running_center


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path, max_package_bytes=1 << 20) as world:
        yield open_shop(world)


@pytest.fixture
def author(shop: Shop, tmp_path: Path) -> Author:
    return Author(shop.author, tmp_path)


def _files(shop: Shop) -> list[Path]:
    folder = shop.world.settings.data / "packages"
    return [path for path in folder.rglob("*") if path.is_file()]


def _problem(answer: Any) -> tuple[int, str]:  # noqa: ANN401 - httpx2's Response
    return answer.status_code, answer.json()["type"]


def test_a_signed_package_becomes_a_version_that_waits_for_its_gate(
    shop: Shop, author: Author
) -> None:
    package = author.build(manifest())

    answer = author.upload(package)

    assert answer.status_code == 201, answer.text
    view = answer.json()
    assert (view["name"], view["version"], view["stage"]) == (
        "digit-recognition",
        "1.0.0",
        "gating",
    )
    assert (view["author"], view["owner"]) == ("author", "center")
    assert view["archive_bytes"] == len(package)
    kept = shop.author.get("/capabilities/digit-recognition/versions/1.0.0/package")
    assert kept.content == package
    assert len(_files(shop)) == 1
    assert shop.gate()


def test_a_version_is_uploaded_once(shop: Shop, author: Author) -> None:
    first = author.upload(author.build(manifest()))

    same = author.upload(author.build(manifest()))
    changed = author.upload(author.build(manifest(licence="Apache-2.0")))

    assert _problem(same) == _problem(changed) == (409, "/problems/version-exists")
    assert changed.json()["existing_digest"] == first.json()["digests"]["package"]
    assert len(_files(shop)) == 1


def test_E11_of_two_authors_who_publish_one_version_at_once_exactly_one_wins(
    shop: Shop, author: Author, tmp_path: Path
) -> None:
    authors = (author, Author(shop.world.add_person("fellow", "engineer"), tmp_path))
    rounds, rivals = 2, 5
    for number in range(rounds):
        version = manifest("churn", f"1.{number}.0")
        # They send the same files signed by two people; the last one sends other files.
        packages = [authors[rival % 2].build(version) for rival in range(rivals - 1)]
        packages.append(author.build(manifest("churn", version.version, licence="x")))
        statuses = _race([(authors[rival % 2], package) for rival, package in enumerate(packages)])

        assert sorted(statuses) == [201] + [409] * (rivals - 1)
        path = f"/capabilities/churn/versions/{version.version}"
        winner = statuses.index(201)
        assert shop.author.get(f"{path}/package").content == packages[winner]
        assert shop.author.get(path).json()["author"] == authors[winner % 2].person.name
    assert len(_files(shop)) == rounds
    acts = shop.world.admin.get("/audit?act=capability.uploaded").json()
    assert acts["total"] == rounds


def _race(uploads: list[tuple[Author, bytes]]) -> list[int]:
    """Send all at once; return their statuses in order."""
    start = threading.Barrier(len(uploads))

    def send(author: Author, package: bytes) -> int:
        start.wait()
        return author.upload(package).status_code

    with ThreadPoolExecutor(len(uploads)) as pool:
        sent = [pool.submit(send, *upload) for upload in uploads]
    return [one.result() for one in sent]


def test_a_name_belongs_to_the_organisation_that_used_it_first(
    shop: Shop, author: Author, tmp_path: Path
) -> None:
    author.upload(author.build(manifest()))
    stranger = Author(shop.colleague, tmp_path)

    taken = stranger.upload(stranger.build(manifest(version="2.0.0")))

    assert _problem(taken) == (403, "/problems/name-owned")
    assert len(_files(shop)) == 1
    fellow = Author(shop.world.add_person("fellow", "engineer"), tmp_path)
    assert fellow.upload(fellow.build(manifest(version="2.0.0"))).status_code == 201


def test_a_name_that_looks_like_another_is_refused(shop: Shop, author: Author) -> None:
    author.upload(author.build(manifest()))

    alike = author.upload(author.build(manifest("dlgit-recogniti0n")))

    assert _problem(alike) == (409, "/problems/look-alike-name")
    assert alike.json()["existing"] == "digit-recognition"
    assert len(_files(shop)) == 1


def test_a_package_that_nobody_registered_a_key_for_is_refused(shop: Shop, tmp_path: Path) -> None:
    keyless = Author(shop.author, tmp_path, register=False)

    answer = keyless.upload(keyless.build(manifest()))

    assert _problem(answer) == (422, "/problems/signature-refused")
    assert _files(shop) == []


def test_a_package_signed_by_somebody_else_is_refused(
    shop: Shop, author: Author, tmp_path: Path
) -> None:
    other = Author(shop.colleague, tmp_path)

    answer = author.upload(other.build(manifest()))

    assert _problem(answer) == (422, "/problems/signature-refused")
    assert _files(shop) == []


def test_what_is_no_package_is_refused_and_leaves_nothing(shop: Shop, author: Author) -> None:
    garbage = author.upload(b"this is no gzip file")
    assert _problem(garbage) == (422, "/problems/package-refused")
    assert garbage.json()["breaks"][0]["cure"]
    assert _problem(author.upload(b"")) == (422, "/problems/package-refused")
    whole = author.build(manifest())
    assert _problem(author.upload(whole[: len(whole) // 2])) == (422, "/problems/package-refused")

    wrong_type = author.upload(whole, content_type="application/json")

    assert _problem(wrong_type) == (415, "/problems/not-a-package")
    assert _files(shop) == []
    assert shop.admin.get("/capabilities").json()["total"] == 0


def test_an_upload_over_the_limit_is_cut_off(shop: Shop, author: Author) -> None:
    declared = author.upload(b"\x1f\x8b" + bytes(2 << 20))
    assert _problem(declared) == (413, "/problems/package-too-large")

    streamed = author.upload(bytes(1 << 16) for _ in range(40))

    assert _problem(streamed) == (413, "/problems/package-too-large")
    assert streamed.json()["limit"] == 1 << 20
    assert _files(shop) == []


def test_a_package_may_be_larger_than_other_bodies(shop: Shop, tmp_path: Path) -> None:
    settings = shop.world.settings.model_copy(
        update={"max_package_bytes": 8 << 20, "max_body_bytes": 1 << 10}
    )
    app = create_app(settings, clock=shop.world.clock)
    with TestClient(app):
        author = Author(Person(app, "author"), tmp_path)
        package = author.build(manifest(), model=b"\x08\x08" + secrets.token_bytes(3 << 20))

        assert author.upload(package).status_code == 201


@pytest.mark.parametrize("role", ["operator", "anonymous"])
def test_only_engineers_and_admins_upload(shop: Shop, author: Author, role: str) -> None:
    package = author.build(manifest())
    people: dict[str, Person] = {"operator": shop.operator}
    http = people[role].http if role in people else shop.world.anonymous

    answer = http.post(
        "/api/v1/packages", content=package, headers={"Content-Type": "application/gzip"}
    )

    assert answer.status_code == {"operator": 403, "anonymous": 401}[role]
    assert _files(shop) == []


def test_an_archive_that_a_crash_left_without_a_version_is_collected(
    shop: Shop, author: Author
) -> None:
    author.upload(author.build(manifest()))
    packages = shop.world.app.state.packages
    orphan = packages.drafts / "orphan"
    orphan.write_bytes(b"orphan")
    packages.publish(orphan, "sha256:" + "ab" * 32)
    database = shop.world.database

    young = collect_orphans(database, packages, shop.world.settings.session_lifetime)
    old = collect_orphans(database, packages, -shop.world.settings.session_lifetime)

    assert (young, old) == (0, 1)
    assert len(_files(shop)) == 1
