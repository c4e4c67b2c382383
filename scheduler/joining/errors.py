"""What can go wrong between a machine that joins and the scheduler."""

from capability_sdk.contracts.errors import Conflict, NotFound, NotPermitted


class CodeRefused(NotPermitted):
    """The code is unknown, used, too old, or for another node: which of them is not told."""

    code = "code-refused"
    title = "The code is not accepted"
    cure = "Ask the province's operator for a new code."


class NodeNameTaken(Conflict):
    """Another machine has this name."""

    code = "node-name-taken"
    title = "Another machine of the province has this name"


class SettingsNotHere(NotFound):
    """No deployment in force has these settings, or the agent has not written them yet."""

    code = "settings-not-here"
    title = "No deployment in force has these settings"


class PackageNotHere(NotFound):
    """No deployment in force has this package."""

    code = "package-not-here"
    title = "No deployment in force has this package"
