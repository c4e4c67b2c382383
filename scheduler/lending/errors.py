"""Expected failures of lending."""

from capability_sdk.contracts.errors import Conflict, NotFound


class NoSpareCapacity(Conflict):
    """No node can lend so much for so long without taking it from inference."""

    code = "no-spare-capacity"
    title = "There is not enough spare capacity"


class LoanNotFound(NotFound):
    """The loan has ended, or never was."""

    code = "loan-not-found"
    title = "There is no such loan"


class LoanRecalled(Conflict):
    """Inference needs what was lent."""

    code = "loan-recalled"
    title = "The loan is being taken back"
