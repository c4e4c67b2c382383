"""Expected failures of reviews and retirements."""

from capability_sdk.contracts.errors import Conflict, InvalidInput, NotFound


class ChecklistIncomplete(Conflict):
    """An approval needs every item of the checklist."""

    code = "checklist-incomplete"
    title = "Items of the checklist are not ticked"


class UnknownItem(InvalidInput):
    """The checklist has no such item."""

    code = "checklist-item-unknown"
    title = "The checklist has no such item"


class NothingToCompare(NotFound):
    """There is no other version to hold it against."""

    code = "nothing-to-compare"
    title = "There is no other version to compare with"


class TooSoon(InvalidInput):
    """Subscribers need time to move."""

    code = "notice-too-short"
    title = "The notice is too short"


class NoSuccessor(InvalidInput):
    """The successor is not in the store."""

    code = "successor-not-published"
    title = "The successor is not published"


class NotRetiring(NotFound):
    """No retirement is announced."""

    code = "not-retiring"
    title = "No retirement is announced"
