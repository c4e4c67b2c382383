"""Expected failures around live events."""

from capability_sdk.contracts.errors import InvalidInput, ServiceError


class UnknownTopic(InvalidInput):
    """No such topic is declared."""

    code = "unknown-topic"
    title = "There is no such topic"


class TooManyStreams(ServiceError):
    """Somebody has as many streams of events open as one person may have."""

    code = "too-many-streams"
    title = "Too many pages of yours are listening"
    status = 429
