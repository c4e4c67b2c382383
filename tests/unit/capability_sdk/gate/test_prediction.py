"""What a passport predicts about requests that the gate did not measure."""

import pytest

from capability_sdk.contracts.passport import Passport, RequestPoint
from capability_sdk.gate.prediction import request_cpu_seconds


def _passport(**microseconds_by_rows: float) -> Passport:
    points = [
        RequestPoint(
            rows=int(rows.removeprefix("of_")),
            connections=8,
            latency_p50_ms=1,
            latency_p99_ms=2,
            requests_per_second=1000,
            cpu_microseconds_per_request=cost,
        )
        for rows, cost in microseconds_by_rows.items()
    ]
    return Passport(node_score=1000, requests=points)


@pytest.mark.parametrize(
    ("rows", "microseconds"),
    [(1, 40), (2, 60), (4, 100), (8, 260), (16, 580), (32, 1220)],
)
def test_a_request_costs_what_lies_on_the_line_between_the_measured_sizes_beside_it(
    rows: int, microseconds: float
) -> None:
    passport = _passport(of_16=580, of_1=40, of_4=100)

    assert request_cpu_seconds(passport, rows) == pytest.approx(microseconds / 1e6)


def test_more_rows_are_never_predicted_to_cost_less() -> None:
    passport = _passport(of_1=50, of_4=40)

    assert request_cpu_seconds(passport, 4) == pytest.approx(50e-6)


def test_one_measured_size_is_all_that_a_model_without_batches_has() -> None:
    passport = _passport(of_1=40)

    assert request_cpu_seconds(passport, 1) == pytest.approx(40e-6)
    assert request_cpu_seconds(passport, 1, score=2000) == pytest.approx(20e-6)
