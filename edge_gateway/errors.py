"""Expected failures of a province's edge."""

from capability_sdk.contracts.errors import (
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    ServiceError,
    Unavailable,
)


class StateRefused(ServiceError):
    """A desired-state document is not to be acted upon; what was in force stays."""

    code = "state-refused"
    title = "The desired state is refused"
    status = 409


class NoState(Unavailable):
    """The province has no desired state in force: nothing may be served."""

    code = "no-state"
    title = "This province has no desired state in force"
    cure = "Try again shortly; if that lasts, ask the province's operator to look at its agent."


class TokenRefused(NotAuthenticated):
    """The access token cannot be verified; the answer never says why."""

    code = "invalid-token"
    title = "Present a valid access token"
    cure = "Get a token from this gateway with an active application's credentials."


class TokenExpired(NotAuthenticated):
    """The access token was valid once."""

    code = "token-expired"
    title = "The access token has expired"
    cure = "Get a new token from this gateway, and ask for the next one before it expires."


class WrongProvince(NotPermitted):
    """The access token is another province's."""

    code = "wrong-province"
    title = "The access token belongs to another province"
    cure = "Get a token from this gateway, or call the gateway of the token's province."


class CapabilityNotGranted(NotPermitted):
    """The application has no subscription in force for the capability."""

    code = "capability-not-granted"
    title = "This application may not call this capability"
    cure = (
        "Subscribe to the capability at the center, and name it in the token's scope; the "
        "subscription's page says why one is not in force."
    )


class TrialsOff(NotPermitted):
    """The center lets nobody try capabilities in this province."""

    code = "trials-off"
    title = "Nothing can be tried in this province"
    cure = "Try it in another province, or ask an admin of the center to allow trials in this one."


class TrialsBusy(ServiceError):
    """All trials of the province together are at their limit."""

    code = "trials-busy"
    title = "Too many people are trying capabilities in this province"
    status = 429
    cure = "Wait as long as Retry-After says, or subscribe: calls of subscribers do not wait."


class NotDeployed(NotFound):
    """The capability, or this version of it, does not run in this province."""

    code = "not-deployed"
    title = "This is not deployed in this province"
    cure = "Call a version that runs here, or ask the province's operator to deploy this one."


class NoSuchPath(NotFound):
    """The gateway does not know the path."""

    code = "no-such-path"
    title = "The gateway does not serve this path"
    cure = "Use a path of the gateway's /openapi.json."


class MethodNotAllowed(ServiceError):
    """The path is known, but not with this method."""

    code = "method-not-allowed"
    title = "This path does not know this method"
    status = 405
    cure = "Use the method that the Allow header names."


class MalformedRequest(InvalidRequest):
    """The request is ambiguous: two readers might understand it differently."""

    code = "malformed-request"
    title = "The request is malformed"
    cure = "Send HTTP as an ordinary client library does, without tricks."


class HeadTooLarge(MalformedRequest):
    """Request line and headers are over the limit."""

    code = "head-too-large"
    title = "Request line and headers are too large"
    status = 431
    cure = "Send a shorter request line, and fewer or shorter headers."


class TargetTooLong(MalformedRequest):
    """The request target is over the limit."""

    code = "target-too-long"
    title = "The request target is too long"
    status = 414
    cure = "Send a shorter path and query."


class RateLimited(ServiceError):
    """More calls per second than the subscription allows."""

    code = "rate-limited"
    title = "The subscription's rate is exceeded"
    status = 429
    cure = (
        "Wait as long as Retry-After says, put several rows into a call, or ask for a higher rate."
    )


class ConcurrencyLimited(ServiceError):
    """More calls at once than the subscription allows."""

    code = "concurrency-limited"
    title = "Too many calls of this subscription are in flight"
    status = 429
    cure = "Wait for the answers to calls in flight, or ask for more calls at once."


class QuotaExceeded(ServiceError):
    """The calls of the day are used up."""

    code = "quota-exceeded"
    title = "The subscription's quota is used up"
    status = 429
    cure = "Wait for the next day of the province, or ask for a larger quota at the center."


class LedgerUnavailable(Unavailable):
    """The counter store of quotas does not answer."""

    code = "quota-ledger-unavailable"
    title = "The quota ledger does not answer"
    cure = "Try again shortly; if that lasts, tell the province's operator."


class NoInstance(Unavailable):
    """The capability is deployed, but no instance of it is ready."""

    code = "no-instance"
    title = "No instance is ready"
    cure = "Try again shortly; if that lasts, tell the province's operator."


class Waking(Unavailable):
    """The capability sleeps while nobody calls it, and is being started."""

    code = "waking"
    title = "The capability is being started"
    cure = "Send the call again after as long as Retry-After says."


class AgentAway(Unavailable):
    """The province's agent, which relays token requests, does not answer."""

    code = "agent-away"
    title = "Access tokens cannot be had now"
    cure = (
        "Use the token you have until it expires, and try again; if that lasts, tell the operator."
    )


class UpstreamBroken(ServiceError):
    """The instance broke off or answered nonsense."""

    code = "instance-broken"
    title = "The instance did not answer properly"
    status = 502
    cure = "Try again; if that lasts, send the request id to the province's operator."


class UpstreamTimeout(ServiceError):
    """The instance did not answer in time."""

    code = "instance-timeout"
    title = "The instance did not answer in time"
    status = 504
    cure = "Send fewer rows at once; if that lasts, send the request id to the operator."


class NotMetered(Unavailable):
    """The call could not be recorded, so its answer is not released."""

    code = "not-metered"
    title = "The call could not be recorded"
    cure = "Try again shortly; if that lasts, tell the operator: the gateway's disk needs room."
