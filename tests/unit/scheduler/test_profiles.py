"""What an instance needs: profile, declaration, passport, in this order."""

from pathlib import Path
from typing import Any

import pytest

from capability_sdk.contracts.manifest import AlgorithmFamily
from capability_sdk.contracts.passport import NODE_SCORE
from capability_sdk.contracts.resources import Source
from capability_sdk.contracts.scheduling import LocalDeployment
from scheduler.profiles import demand_of, family_profile, family_profiles, version_profile
from tests.integration.scheduler_world import deployment

MIB = 1 << 20


def local(
    resources: dict[str, int],
    passport: dict[str, Any] | None = None,
    **manifest: Any,  # noqa: ANN401 - members of a manifest
) -> LocalDeployment:
    document = deployment(Path("/p"), resources=resources, passport=passport or {}, **manifest)
    return LocalDeployment.model_validate(document)


def a_request(microseconds: float, score: float) -> dict[str, Any]:
    point = {
        "rows": 1,
        "connections": 32,
        "latency_p50_ms": 1,
        "latency_p99_ms": 2,
        "requests_per_second": 1000,
        "cpu_microseconds_per_request": microseconds,
    }
    return {"node_score": score, "requests": [point]}


def test_every_family_has_a_profile_whose_weights_add_up() -> None:
    profiles = {item.family: item for item in family_profiles()}

    assert set(profiles) == set(AlgorithmFamily)
    for profile in profiles.values():
        weights = profile.weights
        assert weights.cpu + weights.gpu + weights.memory == pytest.approx(1, abs=0.002)
    gpu = {family: item.weights.gpu for family, item in profiles.items()}
    assert max(gpu, key=gpu.__getitem__) is AlgorithmFamily.TRANSFORMER
    assert gpu[AlgorithmFamily.GRADIENT_BOOSTING] == 0


def test_what_nobody_said_is_taken_from_the_family() -> None:
    card = version_profile(local({}, algorithm_family="lstm"))

    usual = family_profile(AlgorithmFamily.LSTM)
    assert (card.cpu_millicores.amount, card.memory_mib.amount) == (
        usual.cpu_millicores,
        usual.memory_mib,
    )
    assert {card.cpu_millicores.source, card.memory_mib.source} == {Source.PROFILE}


def test_the_declaration_outranks_the_profile_figure_by_figure() -> None:
    card = version_profile(local({"cpu_millicores": 700, "gpu_milli": 500}))

    assert (card.cpu_millicores.amount, card.cpu_millicores.source) == (700, Source.DECLARATION)
    assert (card.gpu_milli.amount, card.gpu_milli.source) == (500, Source.DECLARATION)
    assert card.memory_mib.source is Source.PROFILE


def test_the_passport_outranks_the_declaration_and_its_node_counts() -> None:
    declared = {"cpu_millicores": 700, "memory_mib": 900}
    rate = {"objectives": {"rate_per_second": 500}}

    same = version_profile(local(declared, a_request(100, NODE_SCORE), **rate))
    slower = version_profile(local(declared, a_request(100, NODE_SCORE / 2), **rate))

    assert same.cpu_millicores.source is Source.PASSPORT
    assert same.memory_mib.source is Source.DECLARATION
    # 100 us of a node half as fast are 50 us of the reference node.
    assert slower.cpu_millicores.amount * 2 == same.cpu_millicores.amount == 100


def test_the_demand_says_the_same_as_the_card() -> None:
    measured = local({}, {"peak_bytes": 300 * MIB, "best_batch": 16})

    demand = demand_of(measured)

    assert (demand.memory_mib, demand.batch_rows) == (300, 16)
