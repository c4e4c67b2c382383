"""What can go wrong with removing a province."""

from capability_sdk.contracts.errors import Conflict


class NotSimulated(Conflict):
    """The province is real: its figures are never removed."""

    code = "province-not-simulated"
    title = "The province is not simulated"
