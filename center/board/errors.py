"""What can go wrong with reading the board."""

from capability_sdk.contracts.errors import NotFound


class NoCell(NotFound):
    """The capability does not run in the province, and never did."""

    code = "no-board-cell"
    title = "The capability has nothing to show in this province"


class NoColumn(NotFound):
    """The version has no profiled column of this name, or no profile has arrived."""

    code = "no-profile-column"
    title = "There is no such profiled column"
