"""The OpenAPI document of the store's routes: every refusal stands in it, with an example."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.center_world import World, running_center

TAGS = {"capability", "subscription", "instance"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running_center(f"sqlite:///{tmp_path / 'c.db'}", tmp_path) as made:
        yield made


def _operations(world: World) -> dict[str, dict[str, Any]]:
    paths = world.anonymous.get("/openapi.json").json()["paths"]
    return {
        f"{method.upper()} {path}": operation
        for path, operations in paths.items()
        for method, operation in operations.items()
        if TAGS & set(operation.get("tags", []))
    }


def test_every_route_of_the_store_is_there(world: World) -> None:
    one = "/api/v1/capabilities/{name}/versions/{version}"
    deployment = "/api/v1/provinces/{province}/deployments/{capability}"
    subscription = "/api/v1/subscriptions/{subscription}"
    change = "/api/v1/subscription-changes/{change}"

    assert set(_operations(world)) == {
        *("POST /api/v1/packages", "GET /api/v1/capabilities", "GET /api/v1/capabilities/{name}"),
        *("GET /api/v1/capabilities/{name}/versions", f"GET {one}", f"GET {one}/gate-report"),
        f"GET {one}/gate-report.html",
        *(f"GET {one}/package", f"POST {one}:request-review", f"POST {one}:approve"),
        *(f"POST {one}:return", f"POST {one}:deprecate", f"POST {one}:withdraw"),
        *(f"GET {one}/review", f"GET {one}/difference", f"GET {one}/affected"),
        *(f"PUT {one}/checklist/{{item}}", f"DELETE {one}/checklist/{{item}}"),
        *(f"GET {one}/review-comments", f"POST {one}/review-comments", f"GET {one}/retirement"),
        *(f"POST {one}:announce-retirement", f"POST {one}:cancel-retirement"),
        *("GET /api/v1/reviews", "POST /api/v1/subscriptions", "GET /api/v1/subscriptions"),
        *(f"GET {subscription}", f"POST {subscription}:approve", f"POST {subscription}:decline"),
        *(f"POST {subscription}:suspend", f"POST {subscription}:resume"),
        *(f"POST {subscription}:revoke", f"POST {subscription}:withdraw"),
        *(f"GET {subscription}/events", f"GET {subscription}/usage"),
        *(f"POST {subscription}/changes", "GET /api/v1/subscription-changes"),
        *(f"POST {change}:approve", f"POST {change}:decline", f"POST {change}:withdraw"),
        *("GET /api/v1/subscription-plans", "PUT /api/v1/subscription-plans/{plan}"),
        *(f"PUT {deployment}", f"GET {deployment}"),
        *(f"DELETE {deployment}", "GET /api/v1/deployments", "GET /api/v1/consistency"),
        *(f"POST {deployment}:boost", f"POST {deployment}:end-boost", f"GET {deployment}/boosts"),
        *(f"GET {deployment}/settings", f"PUT {deployment}/settings"),
        *(f"POST {deployment}/settings:roll-back", f"GET {deployment}/settings/versions"),
        *("GET /api/v1/consistency/matrix", "GET /api/v1/edges/{edge}/desired-state"),
    }


def test_every_refusal_is_documented_with_an_example(world: World) -> None:
    for name, operation in _operations(world).items():
        assert operation["description"], name
        responses = operation["responses"]
        assert {"401", "403", "503"} <= set(responses), name
        for status, response in responses.items():
            if status.startswith("2"):
                continue
            example = response["content"]["application/problem+json"]["example"]
            assert example["status"] == int(status), name
