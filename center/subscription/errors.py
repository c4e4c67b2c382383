"""Expected failures around subscriptions."""

from capability_sdk.contracts.errors import Conflict, NotFound, NotPermitted


class SubscriptionNotFound(NotFound):
    """No such subscription, or it is another province's."""

    code = "subscription-not-found"
    title = "There is no such subscription"


class SubscriptionExists(Conflict):
    """An application subscribes to a capability once."""

    code = "subscription-exists"
    title = "The application subscribes to this capability already"


class IllegalStatus(Conflict):
    """The subscription's status does not allow the act."""

    code = "illegal-status"
    title = "The subscription's status does not allow this"


class NotOffered(Conflict):
    """No version of the capability is open for subscription."""

    code = "capability-not-offered"
    title = "The capability is not offered"


class OwnSubscription(NotPermitted):
    """Nobody decides on what they asked for themselves."""

    code = "own-subscription"
    title = "Somebody else than the requester must decide"
