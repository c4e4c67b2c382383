"""Why somebody may not have, or may not use, a right to call: a closed list, each with its cure."""

from enum import StrEnum


class Denial(StrEnum):
    """A reason that programs can tell apart; pages translate it by this name."""

    # Asking
    NOT_OFFERED = "not-offered"
    NOT_IN_PROVINCE = "not-in-province"
    ALREADY_SUBSCRIBED = "already-subscribed"
    UNKNOWN_PLAN = "unknown-plan"
    CLOSED_PLAN = "closed-plan"
    BEYOND_PLAN = "beyond-plan"
    BAD_PERIOD = "bad-period"
    CHANGE_PENDING = "change-pending"
    NOTHING_CHANGES = "nothing-changes"
    # Deciding
    OWN_REQUEST = "own-request"
    WRONG_STATUS = "wrong-status"
    # What a reviewer declines for
    PURPOSE_UNCLEAR = "purpose-unclear"
    QUOTA_TOO_HIGH = "quota-too-high"
    NO_CAPACITY = "no-capacity"
    DATA_NOT_PERMITTED = "data-not-permitted"
    OTHER = "other"
    # Calling
    NOT_SUBSCRIBED = "not-subscribed"
    AWAITING_DECISION = "awaiting-decision"
    NOT_BEGUN = "not-begun"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"


DECLINING = frozenset(
    {
        Denial.PURPOSE_UNCLEAR,
        Denial.QUOTA_TOO_HIGH,
        Denial.NO_CAPACITY,
        Denial.DATA_NOT_PERMITTED,
        Denial.OTHER,
    }
)
"""What a reviewer may decline a request for; the words beside it say more."""

_CURES = {
    Denial.NOT_OFFERED: "Choose another capability, or ask its owner for a version in force.",
    Denial.NOT_IN_PROVINCE: "Ask the owner to have the version approved for your province.",
    Denial.ALREADY_SUBSCRIBED: "Ask for a change of the subscription that you have.",
    Denial.UNKNOWN_PLAN: "Choose one of the listed plans.",
    Denial.CLOSED_PLAN: "Choose a plan that takes new subscriptions.",
    Denial.BEYOND_PLAN: "Ask for no more than the plan allows, or choose a reviewed plan.",
    Denial.BAD_PERIOD: "Choose an end after the start, in the future and within the plan.",
    Denial.CHANGE_PENDING: "Wait for the decision, or withdraw the change that waits.",
    Denial.NOTHING_CHANGES: "Name a plan, a figure or an end that differs.",
    Denial.OWN_REQUEST: "Ask another admin to decide.",
    Denial.WRONG_STATUS: "Look at the subscription again: its status has changed.",
    Denial.PURPOSE_UNCLEAR: "Ask anew, and say what the answers are used for.",
    Denial.QUOTA_TOO_HIGH: "Ask anew for fewer calls, or explain the need.",
    Denial.NO_CAPACITY: "Ask anew once the province runs more replicas.",
    Denial.DATA_NOT_PERMITTED: "Have the use of the data cleared, then ask anew.",
    Denial.OTHER: "Read the words of who decided, and ask them.",
    Denial.NOT_SUBSCRIBED: "Subscribe to the capability.",
    Denial.AWAITING_DECISION: "Wait until the request is approved.",
    Denial.NOT_BEGUN: "Wait until the subscription begins, or ask for an earlier start.",
    Denial.SUSPENDED: "Ask an admin of the center to resume the subscription.",
    Denial.EXPIRED: "Subscribe again.",
    Denial.REVOKED: "Subscribe again.",
}


def cure_of(denial: Denial) -> str:
    """Say what the asker can do about it."""
    return _CURES[denial]


def members(denial: Denial) -> dict[str, str]:
    """Return what a problem document says of a denial: ``reason`` and ``cure``."""
    return {"reason": denial.value, "cure": cure_of(denial)}
