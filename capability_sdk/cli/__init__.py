"""The ``jiuzhou`` command."""

from capability_sdk.cli.app import main

__all__ = ["main"]
