"""The channel `email`: mails each alert record to the subscribers who want it, and digests at their time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mode import Service

from bordertally.agents.delivery.channel import AlertUpdate, Channel, UnreachableError
from bordertally.agents.delivery.email.config import (
    EmailReload,
    check_email,
    links_of,
    load_subscribers,
    load_templates,
    secret_of,
)
from bordertally.agents.delivery.email.digest import Digests
from bordertally.agents.delivery.email.smtp import AddressedMail, Smtp
from bordertally.agents.delivery.follower import Follower
from bordertally.agents.runtime.context import Context, load_registry, log
from bordertally.agents.runtime.reloading import Watch
from bordertally.streams.alerts.records import Alert
from bordertally.streams.delivery.email import alert_mail, digest_mail
from bordertally.streams.delivery.email_subscribers import Subscriber, note_unsubscribed
from bordertally.streams.settings import Settings
from bordertally.streams.totals.records import FlowState

MOST = 10
"""Alert records of one delivery that a subscriber gets one by one; more come as one mail."""


class EmailHop(Channel):
    """Sends mails by SMTP. While the server takes none, the records wait on Kafka."""

    hop = "email"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        settings = context.settings
        assert settings.email is not None
        self.settings, self.secret = settings, secret_of(settings)
        self.subscribers = load_subscribers(settings.email, context.registry)
        self.templates, self.smtp = load_templates(settings.email_templates), Smtp(settings)
        self.left = set[str]()
        self.reload = EmailReload(settings.email, context, self.subscribers, self.renew)
        self.follower = Follower(context, context.topics.unsubscribed, self.take)
        self.digests = Digests(context, self.current, self.digest, self.send)

    @classmethod
    async def check(cls, settings: Settings) -> None:
        """Raise ConfigError for a wrong file, template or setting."""
        check_email(settings)
        assert settings.email is not None
        load_subscribers(settings.email, load_registry(settings.sources))

    async def renew(self, subscribers: dict[str, Subscriber]) -> None:
        """Use other subscribers from now on."""
        self.subscribers = subscribers

    def take(self, record: Any) -> None:
        """Apply a record of `unsubscribed`; an empty value subscribes again."""
        note_unsubscribed(self.left, record.key, record.value)

    def topics(self) -> tuple[str, ...]:
        """The topic to consume: `alerts`."""
        return (self.context.topics.alerts,)

    def companions(self) -> Sequence[Service]:
        """The digests."""
        return (self.digests,)

    def watches(self) -> Sequence[Watch]:
        """The file of subscribers."""
        return (self.reload,)

    async def open(self) -> None:
        """Learn who has unsubscribed before the first mail."""
        await self.add_runtime_dependency(self.follower)
        await self.follower.caught_up()

    def current(self) -> list[Subscriber]:
        """The subscribers who have not unsubscribed."""
        return [subscriber for subscriber in self.subscribers.values() if subscriber.key not in self.left]

    def digest(
        self, subscriber: Subscriber, states: Sequence[FlowState], alerts: Sequence[Alert], slot: str
    ) -> AddressedMail:
        """The digest of a subscriber for a day."""
        links = links_of(self.settings, self.secret, subscriber, self.context.registry.names)
        return AddressedMail(
            subscriber, digest_mail(subscriber, states, alerts, self.templates.digest, links, slot), links
        )

    async def deliver(self, states: Sequence[FlowState], alerts: Sequence[AlertUpdate]) -> None:  # noqa: ARG002
        """Send the mails on records of which people are notified."""
        letters = []
        for subscriber in self.current():
            wanted = [update.alert for update in alerts if update.notifies and subscriber.wants(update.alert)]
            groups = [wanted] if len(wanted) > MOST else [[alert] for alert in wanted]
            letters += [self._letter(subscriber, group) for group in groups]
        await self.send("alert", letters)

    def _letter(self, subscriber: Subscriber, alerts: Sequence[Alert]) -> AddressedMail:
        links = links_of(self.settings, self.secret, subscriber, self.context.registry.names)
        return AddressedMail(subscriber, alert_mail(subscriber, alerts, self.templates.alert, links), links)

    async def send(self, kind: str, letters: Sequence[AddressedMail]) -> None:
        """Send mails and count them. Raises UnreachableError."""
        if not letters:
            return
        sent, up = self.context.metrics["email_sent_total"], self.context.metrics["email_up"]
        try:
            outcomes = await self.smtp.send(letters)
        except UnreachableError:
            up.set(0)
            sent.labels(kind, "failed").inc(len(letters))
            raise
        up.set(1)
        for letter in letters:
            taken = outcomes[letter.mail.id]
            sent.labels(kind, "accepted" if taken else "refused").inc()
            if not taken:
                log.warning("email: the server refuses mail to subscriber %s for good", letter.subscriber.name)
