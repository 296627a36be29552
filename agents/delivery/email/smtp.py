"""Sending mails by SMTP: one connection for the mails of one delivery, in a thread."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import NamedTuple

from bordertally.agents.delivery.channel import UnreachableError
from bordertally.agents.delivery.email.config import smtp_password
from bordertally.streams.delivery.email import Links, Mail
from bordertally.streams.delivery.email_subscribers import Subscriber
from bordertally.streams.settings import Settings, SmtpSecurity

TIMEOUT_S = 15.0
PERMANENT = 500
"""SMTP replies from here on are final: the mail is not tried again (RFC 5321, 4.2.1)."""

HEADERS = 100
"""Characters of a subject."""

MOST_SENT = 10_000
"""Mails of which it is remembered that they were sent, for a delivery that is tried again."""


class AddressedMail(NamedTuple):
    """A mail and to whom it goes."""

    subscriber: Subscriber
    mail: Mail
    links: Links


class Smtp:
    """The SMTP server of the settings. A mail that was taken is not sent again by this process."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self._password = settings, smtp_password(settings)
        self._sent: dict[str, bool] = {}

    async def send(self, letters: Sequence[AddressedMail]) -> dict[str, bool]:
        """Send mails; returns by id of a mail whether the server took it, or refused it for good.

        Raises UnreachableError where it may take them later.
        """
        return await asyncio.to_thread(self._send, letters)

    def _send(self, letters: Sequence[AddressedMail]) -> dict[str, bool]:
        new = [letter for letter in letters if letter.mail.id not in self._sent]
        try:
            if new:
                self._transmit(new)
        except (smtplib.SMTPException, OSError) as error:
            raise UnreachableError(f"SMTP {self.settings.smtp_host}: {_words(error)}") from None
        outcomes = {letter.mail.id: self._sent[letter.mail.id] for letter in letters}
        while len(self._sent) > MOST_SENT:
            del self._sent[next(iter(self._sent))]
        return outcomes

    def _transmit(self, letters: Sequence[AddressedMail]) -> None:
        with self._connected() as server:
            for letter in letters:
                try:
                    server.send_message(message_of(letter, self.settings.email_from))
                    self._sent[letter.mail.id] = True
                except smtplib.SMTPRecipientsRefused as error:
                    if any(code < PERMANENT for code, _ in error.recipients.values()):
                        raise
                    self._sent[letter.mail.id] = False
                except smtplib.SMTPDataError as error:
                    if error.smtp_code < PERMANENT:
                        raise
                    self._sent[letter.mail.id] = False

    def _connected(self) -> smtplib.SMTP:
        settings, place = self.settings, (self.settings.smtp_host, self.settings.smtp_port)
        if settings.smtp_security is SmtpSecurity.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=TIMEOUT_S, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(*place, timeout=TIMEOUT_S)
        try:
            if settings.smtp_security is SmtpSecurity.STARTTLS:
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_username:
                server.login(settings.smtp_username, self._password)
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server


def message_of(letter: AddressedMail, sender: str) -> EmailMessage:
    """The message: text and HTML, with the headers by which mail programs thread it and let its reader unsubscribe."""
    mail, domain = letter.mail, parseaddr(sender)[1].rpartition("@")[2]
    message = EmailMessage()
    message["From"], message["To"] = sender, letter.subscriber.to
    message["Subject"] = mail.subject if len(mail.subject) <= HEADERS else mail.subject[: HEADERS - 1] + "…"
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{mail.id}@{domain}>"
    if mail.thread is not None:
        message["References"] = f"<{mail.thread}.{letter.subscriber.name}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.links.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.links.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return str(error) or type(error).__name__
