"""What can go wrong before anything untrusted runs."""

from capability_sdk.contracts.errors import Unavailable


class SandboxUnavailable(Unavailable):
    """This host cannot confine a package's code."""

    code = "sandbox-unavailable"
    title = "This host has no sandbox for code"
