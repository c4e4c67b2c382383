"""What each process of a platform is started with."""

from pathlib import Path

from capability_sdk.kit.processes import ProcessSpec, python


def center_specs(data: Path, port: int, *, is_proving: bool) -> dict[str, ProcessSpec]:
    """Describe the center and its worker.

    Args:
        data: The platform's folder.
        port: Where the center listens.
        is_proving: Whether a proving edge runs beside it: nothing passes its gate unproven then.
    """
    logs = data / "logs"
    environment = {
        # What hashing a password takes, 19 MiB, goes back at once: else the C library keeps it (ADR 2).
        "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
        "CENTER_DATA": str(data / "center"),
        "CENTER_PORT": str(port),
        "CENTER_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CENTER_PROVING_REQUIRED": str(is_proving).lower(),
    }
    return {
        "center": ProcessSpec("center", python("center"), logs / "center.log", environment),
        "worker": ProcessSpec("worker", python("center.worker"), logs / "worker.log", environment),
    }
