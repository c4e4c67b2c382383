"""What the fleet publishes, as its table says."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from capability_sdk.contracts.manifest import Manifest

OWNER: Final = "Simulated fleet / 模拟机群"
"""Owner in every manifest, so that the store shows what these capabilities are."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """An input: normally distributed in the training data."""

    name: str
    unit: str
    mean: float
    sd: float
    description: str


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A capability of the fleet, before its model."""

    name: str
    zh: str
    en: str
    domain: str
    family: str
    inputs: tuple[Indicator, ...]
    labels: tuple[str, str]

    def manifest(self, version: str) -> Manifest:
        """Return what its package says of itself."""
        return Manifest.model_validate(
            {
                "name": self.name,
                "version": version,
                "titles": {"zh": self.zh, "en": self.en},
                "summary": {
                    "zh": f"模拟能力 · {self.zh} · 由 {len(self.inputs)} 项指标判断。",
                    "en": f"Simulated: {self.en.lower()} from {len(self.inputs)} indicators.",
                },
                "domain": self.domain,
                "owner": OWNER,
                "algorithm_family": self.family,
                "inputs": [_tensor(item) for item in self.inputs],
                "outputs": [
                    {"name": "score", "datatype": "FP32", "description": "Of the second label."},
                    {"name": "label", "datatype": "INT64", "description": "0 or 1."},
                ],
                "quality": {
                    "task": "classification",
                    "output": "label",
                    "labels": list(self.labels),
                },
                "objectives": {"p99_ms": 200.0, "availability": 0.995, "rate_per_second": 10.0},
                "resources": {"cpu_millicores": 50, "memory_mib": 96},
            }
        )


@lru_cache(maxsize=1)
def blueprints() -> tuple[Blueprint, ...]:
    """Return every capability that the fleet can publish."""
    table = tomllib.loads(files(__package__).joinpath("capabilities.toml").read_text("utf-8"))
    known = {name: Indicator(name, **fields) for name, fields in table["indicators"].items()}
    return tuple(
        Blueprint(
            inputs=tuple(known[name] for name in item.pop("inputs")),
            labels=(item["labels"][0], item.pop("labels")[1]),
            **item,
        )
        for item in table["capability"]
    )


def _tensor(item: Indicator) -> dict[str, Any]:
    return {
        "name": item.name,
        "datatype": "FP32",
        "unit": item.unit,
        "description": item.description,
    }
