"""Sends e-mail by the operator's own SMTP server."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

from pydantic import SecretStr

_PATIENCE_SECONDS = 15


class NotMailed(Exception):
    """The server could not be reached, or did not take the message."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One SMTP server.

    Attributes:
        sender: Address that messages come from.
        starttls: Whether the connection must be encrypted before anything is said.
        authorities: PEM file of certificates to trust; the machine's own if None.
    """

    host: str
    port: int
    sender: str
    user: str | None = None
    password: SecretStr | None = None
    starttls: bool = True
    authorities: Path | None = None

    def send(self, to: str, subject: str, text: str, message_id: str) -> None:
        """Send one message; the same ``message_id`` says that it is the same one.

        Raises:
            NotMailed: It was not taken.
        """
        message = self._letter(to, subject, text, message_id)
        try:
            with smtplib.SMTP(self.host, self.port, timeout=_PATIENCE_SECONDS) as server:
                self._secure(server)
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            # What a server says may repeat what it was told; the kind of failure is enough.
            raise NotMailed(f"{type(error).__name__} from {self.host}") from error

    def _letter(self, to: str, subject: str, text: str, message_id: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self.sender, to, subject
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        message.set_content(text)
        return message

    def _secure(self, server: smtplib.SMTP) -> None:
        if self.starttls:
            server.starttls(context=ssl.create_default_context(cafile=self.authorities))
        if self.user is not None and self.password is not None:
            server.login(self.user, self.password.get_secret_value())
