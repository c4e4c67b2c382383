"""What can go wrong where a fit is asked for."""

from capability_sdk.contracts.errors import NotFound


class NothingToCompare(NotFound):
    """The version's package says nothing about the data that it was trained on."""

    code = "nothing-to-compare"
    title = "The version has no training profile"
