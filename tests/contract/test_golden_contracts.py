"""What earlier releases wrote is still understood; what this one writes does not change unseen."""

import json
from pathlib import Path

import pytest

from capability_sdk.contracts import (
    enrolment,
    feedback,
    nodes,
    packages,
    passport,
    profiles,
    state,
    telemetry,
    tokens,
)
from capability_sdk.contracts.model import Wire

GOLDEN = Path(__file__).parent / "golden"
MODULES = (enrolment, feedback, nodes, packages, passport, profiles, state, telemetry, tokens)
CURRENT_RELEASE = "0.1"


def contract(name: str) -> type[Wire]:
    found: list[type[Wire]] = [getattr(m, name) for m in MODULES if hasattr(m, name)]
    return found[0]


files = pytest.mark.parametrize(
    "file", sorted(GOLDEN.glob("*/*.json")), ids=lambda f: f"{f.parent.name}-{f.stem}"
)


@files
def test_a_document_of_an_earlier_release_is_understood(file: Path) -> None:
    document = contract(file.stem).model_validate_json(file.read_bytes())

    again = json.loads(document.model_dump_json())
    golden = json.loads(file.read_text())
    assert {name: again[name] for name in golden} == golden


@files
def test_a_member_of_a_later_release_is_ignored(file: Path) -> None:
    later = {**json.loads(file.read_text()), "a_member_of_tomorrow": {"x": 1}}

    assert contract(file.stem).model_validate(later) == contract(file.stem).model_validate_json(
        file.read_bytes()
    )


@pytest.mark.parametrize(
    "file", sorted((GOLDEN / CURRENT_RELEASE).glob("*.json")), ids=lambda f: f.stem
)
def test_this_release_writes_exactly_the_members_of_its_golden_files(file: Path) -> None:
    document = contract(file.stem).model_validate_json(file.read_bytes())

    assert json.loads(document.model_dump_json()).keys() == json.loads(file.read_text()).keys()


def test_every_versioned_contract_names_its_schema_on_the_wire() -> None:
    without = [
        file.stem
        for file in (GOLDEN / CURRENT_RELEASE).glob("*.json")
        if "schema_" in contract(file.stem).model_fields
        and "schema" not in json.loads(file.read_text())
    ]

    assert without == []
