"""From what placement knows of instances and nodes to what the ledger counts."""

from collections.abc import Sequence

from capability_sdk.contracts.nodes import NodeMetadata
from scheduler.domain import DEVICE_MILLI, Binding, Demand
from scheduler.reservations.domain import Amounts, Claim


def capacity(metadata: NodeMetadata) -> Amounts:
    """Return what a node has in all."""
    devices = metadata.gpu_milli // DEVICE_MILLI
    return Amounts(metadata.cpu_millicores, metadata.memory_mib, (DEVICE_MILLI,) * devices)


def takes(demand: Demand, devices: Sequence[int]) -> Amounts:
    """Return what a demand takes: a share of one device, or each of several whole ones."""
    count = max(devices, default=-1) + 1
    shares = tuple(demand.device_milli if index in devices else 0 for index in range(count))
    return Amounts(demand.cpu_millicores, demand.memory_mib, shares)


def claim_of(binding: Binding, victims: Sequence[str] = ()) -> Claim:
    """Return what an instance takes of its node."""
    return Claim(
        instance=binding.id,
        process=binding.process,
        node=binding.node,
        takes=takes(binding.demand, binding.devices),
        priority=binding.priority,
        victims=tuple(victims),
    )
