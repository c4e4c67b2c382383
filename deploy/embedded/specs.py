"""What each process of a platform is started with."""

from pathlib import Path

from capability_sdk.kit.processes import ProcessSpec, python


def center_specs(data: Path, port: int) -> dict[str, ProcessSpec]:
    """Describe the center and its worker."""
    logs = data / "logs"
    environment = {
        "CENTER_DATA": str(data / "center"),
        "CENTER_PORT": str(port),
        "CENTER_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    return {
        "center": ProcessSpec("center", python("center"), logs / "center.log", environment),
        "worker": ProcessSpec("worker", python("center.worker"), logs / "worker.log", environment),
    }


def province_specs(
    folder: Path, gateway_port: int, scheduler_port: int, environment: dict[str, str]
) -> dict[str, ProcessSpec]:
    """Describe a province's gateway, agent and scheduler."""
    logs = folder / "logs"
    data = ("--data", str(folder))
    commands = {
        "scheduler": python("scheduler", *data, "--port", str(scheduler_port)),
        "agent": python("edge_gateway.agent", *data),
        "gateway": python("edge_gateway.gateway", *data, "--port", str(gateway_port)),
    }
    return {
        service: ProcessSpec(service, command, logs / f"{service}.log", environment)
        for service, command in commands.items()
    }
