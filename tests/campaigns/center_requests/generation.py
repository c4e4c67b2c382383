"""Cases of one operation: schemathesis' boundary values, and its random ones."""

import random
import warnings
from collections.abc import Iterator
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override

AnyCase = Case[Any]
_MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@schemathesis.serializer("application/gzip")
def _as_it_is(_: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def operations(document: dict[str, Any]) -> list[Any]:
    """Return the operations of an OpenAPI document, in its order."""
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
    found: list[Any] = list(schema.get_all_operations())
    return [result.ok() for result in found]


def boundary_cases(operation: Any, most: int, rng: random.Random) -> list[AnyCase]:  # noqa: ANN401
    """Return at most so many of the cases at the boundaries of each constraint."""
    generator = CoverageGenerator(
        operation=operation,
        generation_modes=_MODES,
        generation_config=operation.schema.config.generation,
        auth_storage=None,
        override=Override(query={}, headers={}, cookies={}, path_parameters={}, body={}),
        feedback=NO_FEEDBACK,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [case for case in generator if case.method == operation.method.upper()]
    return found if len(found) <= most else rng.sample(found, most)


def random_cases(operation: Any, most: int, seed: int) -> Iterator[AnyCase]:  # noqa: ANN401
    """Return random cases, most of them by the document's rules, the others against them."""
    share = {GenerationMode.POSITIVE: most - most // 4, GenerationMode.NEGATIVE: most // 4}
    for mode, count in share.items():
        if count:
            yield from _drawn(operation, mode, count, seed)


def _drawn(operation: Any, mode: GenerationMode, count: int, seed: int) -> list[AnyCase]:  # noqa: ANN401
    found: list[AnyCase] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: AnyCase) -> None:
        found.append(case)

    try:
        draw()
    except hypothesis.errors.Unsatisfiable:
        return []  # there is nothing to negate, such as where nothing can be said
    return found
