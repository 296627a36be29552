"""Which of the registered delivery channels a worker runs."""

from __future__ import annotations

import importlib

from bordertally.agents.delivery.channel import Channel
from bordertally.agents.runtime.context import Context
from bordertally.streams.settings import CHANNELS, Hop, Registration, Settings

_HOPS = frozenset(hop.value for hop in Hop)


def load(registration: Registration) -> type[Channel]:
    """Import the class of a channel."""
    module, _, name = registration.place.partition(":")
    channel: type[Channel] = getattr(importlib.import_module(module), name)
    return channel


def is_here(registration: Registration, settings: Settings) -> bool:
    """Whether a worker with these settings has a channel among its hops."""
    return registration.name not in _HOPS or registration.name in settings.hops


async def check_channels(settings: Settings) -> None:
    """Raise ConfigError when a channel of this worker cannot work with the settings."""
    for registration in CHANNELS:
        if is_here(registration, settings) and registration.is_on(settings):
            await load(registration).check(settings)


def make_channels(context: Context) -> list[Channel]:
    """The channels of a worker. It is ready when all of them are; one that no setting turns on is ready at once."""
    made = []
    for registration in CHANNELS:
        if not is_here(registration, context.settings):
            continue
        context.need(registration.name)
        if registration.is_on(context.settings):
            made.append(load(registration)(context))
        else:
            context.ready.add(registration.name)
    return made
