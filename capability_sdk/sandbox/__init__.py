"""Runs what is not trusted: no network, read-only, bounded in memory, processes, time and output."""

from capability_sdk.sandbox.bubblewrap import clean_environment, has_sandbox
from capability_sdk.sandbox.commands import (
    Confined,
    SandboxResult,
    confine,
    run_confined,
)
from capability_sdk.sandbox.errors import SandboxUnavailable
from capability_sdk.sandbox.workers import SandboxedWorker, WorkerLimits, why_no_code

__all__ = [
    "Confined",
    "SandboxResult",
    "SandboxUnavailable",
    "SandboxedWorker",
    "WorkerLimits",
    "clean_environment",
    "confine",
    "has_sandbox",
    "run_confined",
    "why_no_code",
]
