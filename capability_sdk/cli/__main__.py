"""``python -m capability_sdk.cli`` is the ``jiuzhou`` command."""

from capability_sdk.cli.app import main

main()
