"""What can go wrong with incident files."""

from capability_sdk.contracts.errors import Conflict, NotFound


class IncidentNotFound(NotFound):
    """There is no such incident, or it is not for the asker to know."""

    code = "incident-not-found"
    title = "There is no such incident"


class IncidentClosed(Conflict):
    """A closed file is not changed; it can be opened again."""

    code = "incident-closed"
    title = "The incident is closed"


class NotReadyToClose(Conflict):
    """``missing`` names what the file lacks before it can be closed."""

    code = "not-ready-to-close"
    title = "The incident cannot be closed yet"
