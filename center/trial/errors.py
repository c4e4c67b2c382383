"""Why a capability cannot be tried."""

from capability_sdk.contracts.errors import Conflict, NotFound, NotPermitted, ServiceError


class NowhereToTry(NotFound):
    """The capability does not run where it was to be tried."""

    code = "nowhere-to-try"
    title = "The capability does not run there"


class TrialsOff(NotPermitted):
    """Nothing is tried in the province."""

    code = "trials-off"
    title = "Nothing can be tried in this province"
    cure = "Try it in another province, or ask an admin of the center to allow trials in this one."


class NoSuchTrial(NotFound):
    """There is no such trial token, or it is another person's."""

    code = "no-such-trial"
    title = "There is no such trial"


class TrialOver(Conflict):
    """The trial token has expired, so there is nothing left to revoke."""

    code = "trial-over"
    title = "The trial is over"


class TrialQuotaExceeded(ServiceError):
    """The person has tried the capability as often as a day allows."""

    code = "trial-quota-exceeded"
    title = "The day's trials of this capability are used up"
    status = 429
    cure = "Wait for the next day (UTC), or subscribe."
