"""Searching the store, through HTTP, on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.center_store_world import Shop, manifest, open_shop
from tests.center_world import running_center


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        yield open_shop(world)


def _names(shop: Shop, query: str) -> list[str]:
    answer = shop.operator.get(f"/capabilities?{query}")
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def _stock(shop: Shop) -> None:
    shop.publish(manifest())
    churn = {"zh": "离网预测", "en": "Churn Prediction"}
    summary = {"zh": "预测 100% 的客户", "en": "Who will leave_us"}
    shop.publish(manifest("churn", titles=churn, summary=summary, domain="customer-care"))


def test_words_are_found_in_both_languages_and_in_any_case(shop: Shop) -> None:
    _stock(shop)

    assert _names(shop, "q=离网") == ["churn"]
    assert _names(shop, "q=支票 数字") == ["digit-recognition"]
    assert _names(shop, "q=CHURN prediction") == ["churn"]
    assert _names(shop, "q=churn cheques") == []
    assert _names(shop, "") == ["churn", "digit-recognition"]
    assert _names(shop, "domain=finance") == ["digit-recognition"]


def test_wildcards_of_sql_are_plain_letters(shop: Shop) -> None:
    _stock(shop)

    assert _names(shop, "q=100%25") == ["churn"]
    assert _names(shop, "q=leave_us") == ["churn"]
    assert _names(shop, "q=%25") == ["churn"]
    assert _names(shop, "q=c_urn") == []


def test_pages_follow_each_other_and_foreign_cursors_are_refused(shop: Shop) -> None:
    _stock(shop)

    first = shop.operator.get("/capabilities?limit=1").json()
    second = shop.operator.get(f"/capabilities?limit=1&cursor={first['next']}").json()

    assert [first["items"][0]["name"], second["items"][0]["name"]] == ["churn", "digit-recognition"]
    assert (first["total"], second["total"], second["next"]) == (2, 2, None)
    assert shop.operator.get("/capabilities?cursor=nonsense").status_code == 400


def test_a_published_version_stands_before_a_deprecated_one_of_a_higher_number(
    shop: Shop,
) -> None:
    shop.publish(manifest(version="1.9.0"))
    shop.publish(manifest(version="1.10.0"))
    newest = shop.publish(manifest(version="2.0.0"))
    assert shop.operator.get("/capabilities/digit-recognition").json()["version"] == "2.0.0"

    shop.author.post(f"{newest}:deprecate")

    assert shop.operator.get("/capabilities/digit-recognition").json()["version"] == "1.10.0"
    assert shop.operator.get("/capabilities").json()["items"][0]["version"] == "1.10.0"
    deprecated = shop.operator.get("/capabilities?stage=deprecated").json()["items"]
    assert [item["version"] for item in deprecated] == ["2.0.0"]
    versions = shop.operator.get("/capabilities/digit-recognition/versions").json()
    assert versions["total"] == 3
