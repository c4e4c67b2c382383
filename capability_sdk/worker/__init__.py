"""The process in the sandbox that runs the code of a package: ``class Capability``.

Its imports cost every such instance memory, so it stands on numpy and the standard library alone.
"""

from capability_sdk.worker.context import Context

__all__ = ["Context"]
