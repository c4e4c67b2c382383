"""Waits for a draft's first answer, as a caller would see it, and says why none comes."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from capability_sdk.contracts.packages import Check, Figure, Section
from capability_sdk.packaging.archive import unpack
from capability_sdk.packaging.samples import read_samples
from center.proving.verdicts import does_not_start, edge_missing

_PAUSE_SECONDS = 0.1
_TIMEOUT_SECONDS = 10.0
_ANSWERED = frozenset({200, 400})
_STARTING = frozenset({502, 503, 504})


class StartFailed(Exception):
    """No answer came; ``check`` says whose fault that seems to be."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.detail)
        self.check = check


@dataclass(frozen=True, slots=True)
class Target:
    """Where a draft answers.

    Attributes:
        path: Of the infer call of exactly this version.
        body: A sample's request.
    """

    gateway_url: str
    token: str
    path: str
    body: bytes


def sample_call(archive: Path) -> tuple[str, bytes]:
    """Return path and body of an infer call with a package's first sample."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "package"
        manifest = unpack(archive, folder).manifest
        sample = next(iter(read_samples(folder, []).values()))
    path = f"/v2/models/{manifest.name}/versions/{manifest.version}/infer"
    return path, sample.request.model_dump_json(exclude_none=True).encode()


def await_first_answer(
    target: Target, began: float, patience: float, why: Callable[[], str]
) -> Check:
    """Call until an instance answers.

    Args:
        target: What to call.
        began: When the draft entered desired state, on the monotonic clock.
        patience: Seconds to wait at most.
        why: Asks what the edge says of the draft, once nothing came.

    Raises:
        StartFailed: No instance answered in time.
    """
    headers = {"authorization": f"Bearer {target.token}", "content-type": "application/json"}
    met = "nobody answers at its gateway"
    is_taken = False
    with httpx.Client(base_url=target.gateway_url, trust_env=False) as http:
        while time.monotonic() < began + patience:
            with contextlib.suppress(httpx.HTTPError):
                answer = http.post(
                    target.path, content=target.body, headers=headers, timeout=_TIMEOUT_SECONDS
                )
                if answer.status_code in _ANSWERED:
                    return _started(time.monotonic() - began, patience)
                is_taken = answer.status_code in _STARTING
                met = f"its gateway answers {answer.status_code}"
            time.sleep(_PAUSE_SECONDS)
    said = why()
    if is_taken or said:
        raise StartFailed(
            does_not_start(f"no instance answered within {patience:.0f} s: {said or met}")
        )
    raise StartFailed(
        edge_missing(f"the proving edge did not take the draft within {patience:.0f} s: {met}")
    )


def _started(seconds: float, patience: float) -> Check:
    return Check(
        name="proving-cold-start",
        section=Section.COLD_START,
        passed=True,
        detail=f"first answer {seconds:.1f} s after desired state named it: fetched, verified, started",
        figures=[
            Figure(name="first_answer", value=round(seconds, 3), unit="s", limit=round(patience, 3))
        ],
        seconds=round(seconds, 3),
    )
