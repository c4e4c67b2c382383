"""What can go wrong with telemetry."""

from capability_sdk.contracts.errors import Conflict, InvalidInput, InvalidRequest, NotFound


class TelemetryGap(Conflict):
    """Records are missing before the batch; the edge goes on behind ``applied_through``."""

    code = "telemetry-gap"
    title = "Records are missing before this batch"


class TelemetryRefused(InvalidInput):
    """A record cannot be right; nothing of its batch was applied. ``seq`` names the record."""

    code = "telemetry-refused"
    title = "A record of the batch cannot be right"


class UnreadableBody(InvalidRequest):
    """The body is not what its headers say."""

    code = "unreadable-body"
    title = "The body is not what its headers say"


class NoHealthReport(NotFound):
    """The province has not reported its health yet."""

    code = "no-health-report"
    title = "The province has not reported its health yet"
