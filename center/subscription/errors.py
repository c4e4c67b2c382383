"""Expected failures around subscriptions; each denial says its reason and what would cure it."""

from typing import ClassVar

from capability_sdk.contracts.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    ServiceError,
)
from center.subscription.denials import Denial, members


class _Denied(ServiceError):
    """A refusal of the closed list: ``reason`` and ``cure`` are members of its problem."""

    denial: ClassVar[Denial]

    def __init__(self, detail: str, **further: object) -> None:
        super().__init__(detail)
        self.members = {**members(self.denial), **further}


class SubscriptionNotFound(NotFound):
    """No such subscription, or it is another province's."""

    code = "subscription-not-found"
    title = "There is no such subscription"


class ChangeNotFound(NotFound):
    """No such change of a subscription, or it is another province's."""

    code = "subscription-change-not-found"
    title = "There is no such change of a subscription"


class SubscriptionExists(_Denied, Conflict):
    """An application subscribes to a capability once."""

    code = "subscription-exists"
    title = "The application subscribes to this capability already"
    denial = Denial.ALREADY_SUBSCRIBED


class IllegalStatus(_Denied, Conflict):
    """The subscription's status does not allow the act."""

    code = "illegal-status"
    title = "The subscription's status does not allow this"
    denial = Denial.WRONG_STATUS


class NotOffered(_Denied, Conflict):
    """No version of the capability is open for subscription."""

    code = "capability-not-offered"
    title = "The capability is not offered"
    denial = Denial.NOT_OFFERED


class NotInProvince(_Denied, Conflict):
    """The versions that are offered were approved for other provinces."""

    code = "capability-not-in-province"
    title = "The capability is not approved for this province"
    denial = Denial.NOT_IN_PROVINCE


class OwnSubscription(_Denied, NotPermitted):
    """Nobody decides on what they asked for themselves."""

    code = "own-subscription"
    title = "Somebody else than the requester must decide"
    denial = Denial.OWN_REQUEST


class PlanUnknown(_Denied, InvalidInput):
    """There is no plan of this name."""

    code = "plan-unknown"
    title = "There is no such plan"
    denial = Denial.UNKNOWN_PLAN


class PlanClosed(_Denied, Conflict):
    """The plan takes no new subscriptions."""

    code = "plan-closed"
    title = "The plan takes no new subscriptions"
    denial = Denial.CLOSED_PLAN


class PlanExists(Conflict):
    """A plan of this name is there; whoever changes it says which revision they read."""

    code = "plan-exists"
    title = "There is a plan of this name"
    cure = "Choose another name, or read the plan and change it with If-Match."


class BeyondPlan(_Denied, InvalidInput):
    """More is asked for than the plan gives without a review."""

    code = "beyond-plan"
    title = "This is more than the plan allows"
    denial = Denial.BEYOND_PLAN


class BadPeriod(_Denied, InvalidInput):
    """The subscription would be over before it begins, or last too long."""

    code = "bad-period"
    title = "These dates make no sense"
    denial = Denial.BAD_PERIOD


class ChangePending(_Denied, Conflict):
    """A change of the subscription waits for its decision."""

    code = "change-pending"
    title = "A change of this subscription is waiting already"
    denial = Denial.CHANGE_PENDING


class NothingChanges(_Denied, InvalidInput):
    """The change asks for what is so already."""

    code = "nothing-changes"
    title = "The change changes nothing"
    denial = Denial.NOTHING_CHANGES
