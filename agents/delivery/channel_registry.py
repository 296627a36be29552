"""The list of delivery channels, and which of them a worker runs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import NamedTuple

from bordertally.agents.delivery.channel import Channel
from bordertally.agents.runtime.context import Context
from bordertally.streams.settings import Hop, Settings

_HOPS = frozenset(hop.value for hop in Hop)


class Registration(NamedTuple):
    """A channel that a worker may run.

    `name`: that of the channel, its `hop`. `place`: its module, a colon, and its class, which is imported only where
    the channel runs. `is_on`: whether the settings name anything to deliver to.
    """

    name: str
    place: str
    is_on: Callable[[Settings], bool]

    def load(self) -> type[Channel]:
        """Import the class of the channel."""
        module, _, name = self.place.partition(":")
        channel: type[Channel] = getattr(importlib.import_module(module), name)
        return channel

    def is_here(self, settings: Settings) -> bool:
        """Whether a worker with these settings has the channel among its hops."""
        return self.name not in _HOPS or self.name in settings.hops


CHANNELS = [
    Registration("delivery", "bordertally.agents.delivery.redis.view:RedisView", lambda _: True),
    Registration(
        "webhooks", "bordertally.agents.delivery.webhooks.hop:Webhooks", lambda settings: settings.webhooks is not None
    ),
    Registration(
        "alertmanager",
        "bordertally.agents.delivery.alertmanager:Alertmanager",
        lambda settings: bool(settings.alertmanager_url),
    ),
    Registration(
        "email", "bordertally.agents.delivery.email.hop:EmailHop", lambda settings: settings.email is not None
    ),
]


async def check_channels(settings: Settings) -> None:
    """Raise ConfigError when a channel of this worker cannot work with the settings."""
    for registration in CHANNELS:
        if registration.is_here(settings) and registration.is_on(settings):
            await registration.load().check(settings)


def make_channels(context: Context) -> list[Channel]:
    """The channels of a worker. It is ready when all of them are; one that no setting turns on is ready at once."""
    made = []
    for registration in CHANNELS:
        if not registration.is_here(context.settings):
            continue
        context.need(registration.name)
        if registration.is_on(context.settings):
            made.append(registration.load()(context))
        else:
            context.ready.add(registration.name)
    return made
