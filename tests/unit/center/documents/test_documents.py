"""The document hub, through HTTP, on every database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from tests.center_store_world import Shop, manifest, open_shop
from tests.center_world import running_center

RSRP = {"name": "rsrp", "datatype": "FP32", "shape": [4], "unit": "dBm", "description": "参考信号"}
AREA = {"name": "area", "datatype": "BYTES", "shape": [], "levels": ["urban", "rural"]}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with running_center(database_url, tmp_path) as world:
        yield open_shop(world)


@pytest.fixture
def small_shop(tmp_path: Path) -> Iterator[Shop]:
    """What is the same on every database is looked at on one."""
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as world:
        yield open_shop(world)


def _publish_cells(shop: Shop, version: str = "1.0.0", **changes: Any) -> str:  # noqa: ANN401 - any field
    titles = {"zh": "小区异常", "en": "Cell anomaly"}
    fields = {"titles": titles, "domain": "ran", "inputs": [RSRP, AREA], **changes}
    return shop.publish(manifest("cell-anomaly", version, **fields))


def _found(shop: Shop, query: str) -> dict[str, list[str]]:
    answer = shop.operator.get(f"/documents?{query}")
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return {item["name"]: [match["name"] for match in item["matches"]] for item in items}


def test_a_contract_is_found_by_its_fields_units_and_descriptions(shop: Shop) -> None:
    shop.publish(manifest())
    _publish_cells(shop)

    assert _found(shop, "") == {"cell-anomaly": [], "digit-recognition": []}
    assert _found(shop, "q=RSRP") == {"cell-anomaly": ["rsrp"]}
    assert _found(shop, "q=dbm") == {"cell-anomaly": ["rsrp"]}
    assert _found(shop, "q=参考 area") == {"cell-anomaly": ["rsrp", "area"]}
    assert _found(shop, "q=小区") == {"cell-anomaly": []}
    assert _found(shop, "q=rsrp image") == {}
    assert _found(shop, "domain=finance") == {"digit-recognition": []}


def test_the_hub_is_read_page_by_page(shop: Shop) -> None:
    shop.publish(manifest())
    _publish_cells(shop)

    first = shop.operator.get("/documents?limit=1").json()
    rest = shop.operator.get(f"/documents?limit=1&cursor={first['next']}").json()

    assert [item["name"] for item in (*first["items"], *rest["items"])] == [
        "cell-anomaly",
        "digit-recognition",
    ]
    assert (first["total"], rest["next"]) == (2, None)


def test_a_draft_is_not_in_the_hub(small_shop: Shop) -> None:
    path = small_shop.keep(manifest())

    assert _found(small_shop, "") == {}
    assert small_shop.operator.get(f"{path}/openapi.json").status_code == 404


def test_a_versions_openapi_is_valid_and_admits_what_the_contract_admits(small_shop: Shop) -> None:
    path = _publish_cells(small_shop)

    document = small_shop.operator.get(f"{path}/openapi.json").json()

    jsonschema_rs.validate(OPENAPI_31, document)
    infer = document["paths"]["/v2/models/cell-anomaly/versions/1.0.0/infer"]["post"]
    example = infer["requestBody"]["content"]["application/json"]["example"]
    asked = {"$ref": "#/components/schemas/InferRequest", "components": document["components"]}
    admits = jsonschema_rs.validator_for(asked).is_valid
    assert admits(example)
    rsrp, area = example["inputs"]
    assert admits({"inputs": [area, rsrp]})
    assert not admits({"inputs": [rsrp]})
    assert not admits({"inputs": [rsrp, {**area, "data": ["sea"]}]})
    assert not admits({"inputs": [{**rsrp, "shape": [1, 5]}, area]})
    assert not admits({"inputs": [{**rsrp, "datatype": "FP64"}, area]})
    assert not admits({"inputs": [{**rsrp, "shape": [65, 4]}, area]})


def test_a_breaking_step_names_the_subscriptions_that_it_breaks(shop: Shop) -> None:
    _publish_cells(shop)
    path = _publish_cells(shop, "2.0.0", inputs=[{**RSRP, "unit": "dB"}, AREA])
    subscription = shop.subscribe(shop.application(), "cell-anomaly")
    assert shop.admin.post(f"/subscriptions/{subscription}:approve").status_code == 200

    seen = shop.operator.get(f"{path}/contract-changes?since=1.0.0").json()

    assert seen["difference"]["breaking"]
    (change,) = seen["difference"]["changes"]
    assert (change["name"], change["member"]) == ("rsrp", "unit")
    assert (change["before"], change["after"]) == ("dBm", "dB")
    assert [item["subscription"] for item in seen["affected"]] == [subscription]
    elsewhere = (
        shop.world.add_person("far", "operator", "guizhou")
        .get(f"{path}/contract-changes?since=1.0.0")
        .json()
    )
    assert (elsewhere["affected"], elsewhere["affected_total"]) == ([], 0)


def test_a_compatible_step_breaks_nobody(small_shop: Shop) -> None:
    _publish_cells(small_shop)
    path = _publish_cells(small_shop, "1.1.0", max_batch_size=128)
    small_shop.subscribe(small_shop.application(), "cell-anomaly")

    seen = small_shop.operator.get(f"{path}/contract-changes?since=1.0.0").json()

    assert (seen["difference"]["breaking"], seen["affected_total"]) == (False, 0)
    assert [change["name"] for change in seen["difference"]["changes"]] == ["max_batch_size"]


def test_each_publication_is_a_notice_with_what_it_changed(shop: Shop) -> None:
    shop.publish(manifest())
    _publish_cells(shop)
    _publish_cells(shop, "1.1.0", inputs=[RSRP])
    shop.subscribe(shop.application(), "digit-recognition")

    notices = shop.operator.get("/change-notices").json()["items"]

    told = {
        (item["capability"], item["version"]): (item["previous"], item["difference"]["breaking"])
        for item in notices
    }
    assert told == {
        ("digit-recognition", "1.0.0"): (None, False),
        ("cell-anomaly", "1.0.0"): (None, False),
        ("cell-anomaly", "1.1.0"): ("1.0.0", True),
    }


def test_an_operator_can_ask_for_the_notices_of_what_the_province_subscribes_to(shop: Shop) -> None:
    shop.publish(manifest())
    _publish_cells(shop)
    subscription = shop.subscribe(shop.application(), "cell-anomaly")
    assert shop.admin.post(f"/subscriptions/{subscription}:approve").status_code == 200

    mine = shop.operator.get("/change-notices?subscribed=true").json()["items"]

    assert [item["capability"] for item in mine] == ["cell-anomaly"]
