"""What can go wrong with alarms."""

from capability_sdk.contracts.errors import Conflict, InvalidInput, NotFound


class AlarmNotFound(NotFound):
    """There is no such alarm, or it is not for the asker to know."""

    code = "alarm-not-found"
    title = "There is no such alarm"


class AlarmOver(Conflict):
    """The alarm has been resolved; nothing but a comment can be added."""

    code = "alarm-over"
    title = "The alarm is resolved"


class BadAssignee(InvalidInput):
    """The person does not exist, cannot sign in, or does not see the alarm."""

    code = "bad-assignee"
    title = "This person cannot take the alarm"


class BadSilence(InvalidInput):
    """The silence would end in the past, or take away what others must hear."""

    code = "bad-silence"
    title = "This silence cannot be"


class SilenceNotFound(NotFound):
    """There is no such silence, or it is over."""

    code = "silence-not-found"
    title = "There is no such silence in force"
