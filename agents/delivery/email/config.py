"""What the channel e-mail is set up with: subscribers, templates, the SMTP server, the key of the links."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parseaddr
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from pydantic import SecretStr

from bordertally.agents.runtime.context import Context, read_text
from bordertally.agents.runtime.reloading import Watch
from bordertally.streams.delivery.email import Links, MailTemplate
from bordertally.streams.delivery.email_subscribers import Subscriber, parse_subscribers, unsubscribe_token
from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.reports.sources import Registry
from bordertally.streams.settings import Settings, SmtpSecurity

SHORTEST_SECRET = 32


class Templates(NamedTuple):
    """The templates of both kinds of mail."""

    alert: MailTemplate
    digest: MailTemplate


def load_subscribers(path: Path, registry: Registry) -> dict[str, Subscriber]:
    """The subscribers in a file, by name. Raises ConfigError."""
    return parse_subscribers(read_text(path, "e-mail"), f"e-mail {path}", registry.blocs, registry.aliases)


def load_templates(folder: Path | None) -> Templates:
    """The templates: those in the folder, and the built-in ones for files that are not in it. Raises ConfigError."""
    return Templates(_template(folder, "alert"), _template(folder, "digest"))


def _template(folder: Path | None, kind: str) -> MailTemplate:
    template = MailTemplate(*(_part(folder, f"{kind}.{part}") for part in ("txt", "html")))
    template.check(kind if folder is None else str(folder / kind))
    return template


def _part(folder: Path | None, name: str) -> str:
    if folder is not None and (folder / name).exists():
        return read_text(folder / name, "template")
    return resources.files("bordertally.agents.delivery.email").joinpath("templates", name).read_text(encoding="utf-8")


def secret_of(settings: Settings) -> bytes:
    """The key of the links to unsubscribe; empty without one. Raises ConfigError for a short one."""
    secret = _secret(settings.email_secret, settings.email_secret_file, "EMAIL_SECRET")
    if secret and len(secret) < SHORTEST_SECRET:
        raise ConfigError(f"BORDERTALLY_EMAIL_SECRET: it needs at least {SHORTEST_SECRET} characters")
    return secret.encode()


def smtp_password(settings: Settings) -> str:
    """The password at the SMTP server; empty without one. Raises ConfigError."""
    return _secret(settings.smtp_password, settings.smtp_password_file, "SMTP_PASSWORD")


def _secret(value: SecretStr, path: Path | None, name: str) -> str:
    if path is None:
        return value.get_secret_value()
    return read_text(path, f"BORDERTALLY_{name}_FILE").strip()


def check_email(settings: Settings) -> None:
    """Raise ConfigError naming the setting that is missing or wrong."""
    if not settings.smtp_host:
        raise ConfigError("BORDERTALLY_SMTP_HOST: e-mail needs the SMTP server that takes it")
    if "@" not in parseaddr(settings.email_from)[1]:
        raise ConfigError(
            f"BORDERTALLY_EMAIL_FROM={shown(settings.email_from)}: write an address such as Desk <desk@relief.example>"
        )
    if settings.smtp_security is SmtpSecurity.PLAIN and settings.smtp_host not in ("localhost", "127.0.0.1", "::1"):
        raise ConfigError(f"BORDERTALLY_SMTP_SECURITY=plain: only for this machine, not for {settings.smtp_host}")
    secret_of(settings)
    smtp_password(settings)
    load_templates(settings.email_templates)


def links_of(
    settings: Settings, secret: bytes, subscriber: Subscriber, names: Mapping[str, str] = MappingProxyType({})
) -> Links:
    """What mails to a subscriber refer to; without BORDERTALLY_PUBLIC_URL no addresses. `names`: of sources by id."""
    board = settings.public_url.rstrip("/")
    if not board:
        return Links(names=names)
    token = unsubscribe_token(secret, subscriber.key)
    return Links(board, f"{board}/unsubscribe?token={token}" if secret else "", names)


class EmailReload(Watch):
    """Watches the file of subscribers. `take` puts new subscribers into use."""

    name, title = "email", "e-mail"

    def __init__(
        self,
        path: Path,
        context: Context,
        subscribers: dict[str, Subscriber],
        take: Callable[[dict[str, Subscriber]], Awaitable[None]],
    ) -> None:
        super().__init__(path, context.metrics, context.settings.reload_s)
        self.context, self.subscribers, self.take = context, subscribers, take
        context.renewed.append(self.ask)  # the registry may give a flow another name

    async def renew(self) -> str:
        """Read the file and put it into use; returns the names of subscribers that have changed."""
        fresh = await asyncio.to_thread(load_subscribers, self.path, self.context.registry)
        names = sorted(name for name in fresh | self.subscribers if fresh.get(name) != self.subscribers.get(name))
        if names:
            await self.take(fresh)
            self.subscribers = fresh
        return ", ".join(names)
