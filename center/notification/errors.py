"""What can go wrong with notifications."""

from capability_sdk.contracts.errors import Conflict, InvalidInput, NotFound, ServiceError


class RuleNotFound(NotFound):
    """There is no such rule of the asker's own."""

    code = "notification-rule-not-found"
    title = "You have no such rule"


class WebhookNotFound(NotFound):
    """There is no such webhook of the asker's own."""

    code = "webhook-not-found"
    title = "You have no such webhook"


class NotificationNotFound(NotFound):
    """There is no such notification of the asker's own."""

    code = "notification-not-found"
    title = "You have no such notification"


class WebhookInUse(Conflict):
    """A rule still names the webhook."""

    code = "webhook-in-use"
    title = "A rule still names this webhook"


class ChannelOff(Conflict):
    """Nobody has configured this channel at the center."""

    code = "channel-off"
    title = "The center does not send by this channel"


class TooManyRules(Conflict):
    """Somebody has as many rules, or webhooks, as one person may have."""

    code = "too-many-notification-rules"
    title = "You have no room for another one"


class BadRule(InvalidInput):
    """The rule's channel lacks what it needs."""

    code = "bad-notification-rule"
    title = "This rule cannot be"


class AddressRefused(ServiceError):
    """The address is not one that the center may call."""

    code = "address-refused"
    title = "The center does not call this address"
    status = 422
