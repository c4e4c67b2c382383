"""What each process of a province is started with; light, for supervisors stay small."""

from collections.abc import Mapping
from pathlib import Path

from capability_sdk.kit.processes import ProcessSpec, python


def province_specs(
    province: Path, *, gateway_port: int, scheduler_port: int, environment: Mapping[str, str]
) -> dict[str, ProcessSpec]:
    """Describe the processes of a province, in the order in which they start.

    Args:
        province: The province's folder; its ``logs/`` takes what they print.
        gateway_port: Where callers reach it.
        scheduler_port: Where its own processes reach the scheduler.
        environment: Added to every process's environment, such as ``AGENT_PROFILE_FLUSH``.
    """
    data = ("--data", str(province))
    commands = {
        "scheduler": python("scheduler", *data, "--port", str(scheduler_port)),
        "agent": python("edge_gateway.agent", *data),
        "gateway": python("edge_gateway.gateway", *data, "--port", str(gateway_port)),
    }
    logs = province / "logs"
    return {
        name: ProcessSpec(name, command, logs / f"{name}.log", environment)
        for name, command in commands.items()
    }
