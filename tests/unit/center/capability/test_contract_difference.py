"""Which change of a contract breaks a caller of the version before."""

from typing import Any

import pytest

from center.capability.difference.contract import ContractChange, compare_contracts
from tests.center_store_world import manifest

IMAGE = {"name": "image", "datatype": "FP32", "shape": [64]}
LABEL = {"name": "label", "datatype": "INT64", "shape": []}
KIND = {"name": "kind", "datatype": "BYTES", "shape": [], "levels": ["a", "b"]}


Fields = dict[str, Any]


def _changes(before: Fields, after: Fields) -> list[ContractChange]:
    return compare_contracts(manifest(**before), manifest(**after)).changes


def _labels(*names: str) -> Fields:
    return {"task": "classification", "output": "label", "labels": list(names)}


def test_equal_contracts_do_not_differ_whatever_the_order_of_their_tensors() -> None:
    one, other = manifest(inputs=[IMAGE, KIND]), manifest(inputs=[KIND, IMAGE])

    difference = compare_contracts(one, other)

    assert (difference.changes, difference.breaking) == ([], False)


@pytest.mark.parametrize(
    ("side", "before", "after", "impact"),
    [
        ("inputs", [IMAGE], [IMAGE, KIND], "breaking"),
        ("inputs", [IMAGE, KIND], [IMAGE], "breaking"),
        ("outputs", [LABEL], [LABEL, KIND], "compatible"),
        ("outputs", [LABEL, KIND], [LABEL], "breaking"),
        ("inputs", [IMAGE], [IMAGE | {"datatype": "FP64"}], "breaking"),
        ("inputs", [IMAGE], [IMAGE | {"shape": [-1]}], "compatible"),
        ("inputs", [IMAGE], [IMAGE | {"shape": [65]}], "breaking"),
        ("outputs", [IMAGE], [IMAGE | {"shape": [-1]}], "breaking"),
        ("outputs", [IMAGE | {"shape": [-1]}], [IMAGE], "compatible"),
        ("inputs", [IMAGE], [IMAGE | {"unit": "dBm"}], "breaking"),
        ("inputs", [IMAGE], [IMAGE | {"description": "an image"}], "compatible"),
        ("inputs", [KIND], [KIND | {"levels": ["a", "b", "c"]}], "compatible"),
        ("inputs", [KIND], [KIND | {"levels": ["a"]}], "breaking"),
        ("inputs", [KIND], [KIND | {"levels": None}], "compatible"),
        ("outputs", [KIND], [KIND | {"levels": ["a", "b", "c"]}], "breaking"),
        ("outputs", [KIND], [KIND | {"levels": ["a"]}], "compatible"),
    ],
)
def test_a_change_of_a_tensor_says_whether_it_breaks(
    side: str, before: object, after: object, impact: str
) -> None:
    (change,) = _changes({side: before}, {side: after})

    assert change.impact == impact
    assert f"{change.side}s" == side


@pytest.mark.parametrize(
    ("member", "before", "after", "impact"),
    [
        ("max_batch_size", 64, 32, "breaking"),
        ("max_batch_size", 32, 64, "compatible"),
        ("stateless", True, False, "breaking"),
        ("stateless", False, True, "compatible"),
        ("quality", _labels("no", "yes"), _labels("yes", "no"), "breaking"),
        ("quality", _labels("no", "yes"), _labels("no", "yes", "perhaps"), "compatible"),
    ],
)
def test_a_change_of_the_service_says_whether_it_breaks(
    member: str, before: object, after: object, impact: str
) -> None:
    (change,) = _changes({member: before}, {member: after})

    assert (change.side, change.impact) == ("service", impact)


def test_what_breaks_stands_first_and_says_what_it_was() -> None:
    before = {"inputs": [IMAGE], "max_batch_size": 32}
    after = {"inputs": [IMAGE | {"shape": [32]}], "max_batch_size": 64}

    first, second = _changes(before, after)

    assert (first.name, first.member, first.before, first.after) == ("image", "shape", [64], [32])
    assert (second.name, second.before, second.after) == ("max_batch_size", 32, 64)
