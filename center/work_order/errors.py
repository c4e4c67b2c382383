"""Expected failures around work orders."""

from capability_sdk.contracts.errors import Conflict, NotFound


class WorkOrderNotFound(NotFound):
    """No such work order, or it is out of reach."""

    code = "work-order-not-found"
    title = "There is no such work order"


class IllegalState(Conflict):
    """The work order's state does not allow the step."""

    code = "illegal-state"
    title = "The work order's state does not allow this"


class DecidedElsewhere(Conflict):
    """The order stands for a decision; taking that is what ends it."""

    code = "decided-elsewhere"
    title = "The decision itself ends this work order"
