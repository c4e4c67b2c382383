"""Nodes and requests of a recorded cluster, from files in the columns of the openb traces."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from capability_sdk.contracts.manifest import AlgorithmFamily, Engine
from capability_sdk.contracts.nodes import NodeMetadata
from scheduler.domain import DEVICE_MILLI, Demand
from scheduler.errors import TraceUnusable
from scheduler.placement.constraints import NodeState

_Item = TypeVar("_Item")
_ENGINE = Engine.ONNX
_FAMILY = AlgorithmFamily.RULE
"""Traces know neither engines nor families: every node offers what every request asks for."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A recorded cluster: its nodes, empty, and what was asked of it, in the order of the file."""

    nodes: tuple[NodeState, ...]
    requests: tuple[Demand, ...]

    @property
    def gpu_milli(self) -> int:
        """Thousandths of all GPUs."""
        return sum(node.metadata.gpu_milli for node in self.nodes)


def read_trace(nodes: Path, requests: Path) -> Trace:
    """Read a trace.

    Args:
        nodes: CSV with the columns ``sn, cpu_milli, memory_mib, gpu, model``.
        requests: CSV with ``cpu_milli, memory_mib, num_gpu, gpu_milli`` and, where models matter,
            ``gpu_spec``: allowed models with ``|`` between them.

    Raises:
        TraceUnusable: A file cannot be read, or a line says nothing that could be placed.
    """
    trace = Trace(
        tuple(_read(nodes, ("sn", "cpu_milli", "memory_mib", "gpu", "model"), _node)),
        tuple(_read(requests, ("cpu_milli", "memory_mib", "num_gpu", "gpu_milli"), _request)),
    )
    if not trace.gpu_milli:
        raise TraceUnusable(f"{nodes} names no GPU; allocation is counted in GPUs.")
    if not any(request.gpu_milli for request in trace.requests):
        raise TraceUnusable(f"{requests} asks for no GPU; allocation is counted in GPUs.")
    return trace


def _read(
    file: Path, columns: Sequence[str], translate: Callable[[dict[str, str]], _Item]
) -> Iterator[_Item]:
    for line, row in _rows(file, columns):
        try:
            item = translate(row)
        except ValidationError as error:
            first = error.errors()[0]
            member = ".".join(map(str, first["loc"]))
            raise TraceUnusable(f"{file}, line {line}: {member}: {first['msg']}") from None
        except ValueError as error:
            raise TraceUnusable(f"{file}, line {line}: {error}") from None
        yield item


def _rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream, restval="")
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise TraceUnusable(f"{file} has no column {', '.join(missing)}.")
            for row in reader:
                yield reader.line_num, row
    except OSError as error:
        raise TraceUnusable(f"{file} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise TraceUnusable(f"{file} is no CSV file: {error}") from None


def _node(row: dict[str, str]) -> NodeState:
    gpus = int(row["gpu"] or 0)
    return NodeState(
        NodeMetadata(
            node=row["sn"],
            epoch=1,
            families=[_FAMILY],
            engines=[_ENGINE],
            cpu_millicores=int(row["cpu_milli"]),
            memory_mib=int(row["memory_mib"]),
            gpu_model=row["model"] or None,
            gpu_milli=gpus * DEVICE_MILLI,
        )
    )


def _request(row: dict[str, str]) -> Demand:
    devices = int(row["num_gpu"] or 0)
    share = int(row["gpu_milli"] or 0) if devices else 0
    cpu_millicores, memory_mib = int(row["cpu_milli"]), int(row["memory_mib"])
    if min(cpu_millicores, memory_mib, devices, share) < 0:
        raise ValueError("an amount is below zero")
    if share > DEVICE_MILLI or (devices > 1 and share != DEVICE_MILLI):
        raise ValueError(f"{devices} GPUs of {share}: one is shared, or each is taken whole")
    models = (model for model in (row.get("gpu_spec") or "").split("|") if model)
    return Demand(
        engine=_ENGINE.value,
        family=_FAMILY.value,
        cpu_millicores=cpu_millicores,
        memory_mib=memory_mib,
        gpu_milli=devices * share,
        gpu_models=tuple(dict.fromkeys(models)),
    )
