"""What the center sends by, as its operator configured it; nothing leaves it otherwise."""

from center.access.vault import Vault
from center.adapters.mail import Mail
from center.adapters.webhooks import Webhooks
from center.notification.sending import Outgoing
from center.notification.service import Channels
from center.settings import CenterSettings


def channels_of(settings: CenterSettings) -> Channels:
    """Return by which ways people may be told."""
    return Channels(settings.smtp_host is not None, _webhooks(settings))


def outgoing_of(settings: CenterSettings) -> Outgoing:
    """Return what the worker sends by."""
    return Outgoing(
        open_secret=Vault(settings.data / "keys").open_text,
        public_url=settings.public_url,
        mail=_mail(settings),
        webhooks=_webhooks(settings),
    )


def _mail(settings: CenterSettings) -> Mail | None:
    if settings.smtp_host is None:
        return None
    return Mail(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.smtp_from,
        user=settings.smtp_user,
        password=settings.smtp_password,
        starttls=settings.smtp_starttls,
        authorities=settings.smtp_authorities,
    )


def _webhooks(settings: CenterSettings) -> Webhooks | None:
    return Webhooks(allowed=settings.webhook_networks) if settings.webhooks else None
