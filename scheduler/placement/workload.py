"""Which requests are to be expected: what placement keeps room for. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from scheduler.domain import Demand

_COVERAGE = 0.95
"""Share of the requests whose shapes are typical, as in "Beware of Fragmentation" (USENIX ATC 2023)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What requests of one kind ask for.

    Attributes:
        cpu_millicores: Thousandths of a core.
        devices: How many GPUs.
        device_milli: Thousandths of each of them.
        gpu_models: Models that will do; empty for any.
    """

    cpu_millicores: int
    devices: int
    device_milli: int
    gpu_models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to be expected.

    Attributes:
        typical: The most frequent shapes that make up 95 % of the requests, with their shares,
            which add up to 1; those without a GPU included.
        cpu_per_gpu: Millicores that requests for GPUs ask for with each thousandth of a GPU.
    """

    typical: tuple[tuple[Shape, float], ...] = ()
    cpu_per_gpu: float = 0.0

    @classmethod
    def of(cls, demands: Iterable[Demand]) -> "Workload":
        """Sum up requests that are taken for what the next ones will be like."""
        counted = Counter(_shape(demand) for demand in demands)
        # By frequency, then by size: the order in which they came must not matter.
        ordered = sorted(counted.items(), key=lambda item: (-item[1], repr(item[0])))
        typical = _covering(ordered, _COVERAGE * counted.total())
        total = sum(count for _, count in typical)
        return cls(tuple((shape, count / total) for shape, count in typical), _cpu_per_gpu(counted))


EMPTY = Workload()
"""Nothing is known of the requests to come: no room is worth more than any other."""


def _shape(demand: Demand) -> Shape:
    models = tuple(sorted(set(demand.gpu_models))) if demand.gpu_milli else ()
    return Shape(demand.cpu_millicores, demand.devices, demand.device_milli, models)


def _covering(ordered: list[tuple[Shape, int]], wanted: float) -> list[tuple[Shape, int]]:
    covered, end = 0, 0
    while covered < wanted:
        covered += ordered[end][1]
        end += 1
    return ordered[:end]


def _cpu_per_gpu(counted: Counter[Shape]) -> float:
    on_gpu = [(shape, count) for shape, count in counted.items() if shape.devices]
    milli = sum(shape.devices * shape.device_milli * count for shape, count in on_gpu)
    cpu = sum(shape.cpu_millicores * count for shape, count in on_gpu)
    return cpu / milli if milli else 0.0
