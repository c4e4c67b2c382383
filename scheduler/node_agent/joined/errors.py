"""What can go wrong on a machine that joined."""

from capability_sdk.contracts.errors import Conflict, NotAuthenticated, ServiceError, Unavailable


class NotJoined(ServiceError):
    """The folder is not that of a machine that joined."""

    code = "not-joined"
    title = "This folder belongs to no machine that joined"
    status = 409


class AlreadyRuns(Conflict):
    """Another agent works in the folder: two would start everything twice."""

    code = "node-already-runs"
    title = "Another agent works in this folder"


class JoinFailed(ServiceError):
    """The machine could not join."""

    code = "join-failed"
    title = "This machine could not join"
    status = 409


class SettingsRefused(ServiceError):
    """What came as the province's settings has another digest than the assignment names."""

    code = "settings-refused"
    title = "The settings do not match their digest"
    status = 422


class SchedulerAway(Unavailable):
    """The province's scheduler does not answer, or not as one."""

    code = "scheduler-away"
    title = "The province's scheduler cannot be reached now"


class CredentialRefused(NotAuthenticated):
    """The scheduler does not know this machine (any more)."""

    code = "credential-refused"
    title = "The scheduler does not know this machine"
    cure = "Join the machine again with a new code."


class NotRegistered(SchedulerAway):
    """The scheduler has started anew, and does not know what this machine offers."""

    code = "not-registered"
    title = "The scheduler does not know yet what this machine offers"
