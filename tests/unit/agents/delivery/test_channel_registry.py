"""Which delivery channels a worker runs."""

from __future__ import annotations

import pytest

from bordertally.agents.delivery.channel_registry import load, make_channels
from bordertally.agents.runtime.context import Context
from bordertally.streams.settings import CHANNELS, Hop, Registration, load_settings


@pytest.mark.parametrize("registration", CHANNELS, ids=lambda registration: registration.name)
def test_a_channel_is_registered_by_the_name_of_its_hop(registration: Registration) -> None:
    assert load(registration).hop == registration.name


def test_every_hop_is_of_the_pipeline_or_a_channel() -> None:
    pipeline = [Hop.INTAKE, Hop.LEDGER, Hop.ALERTS]
    assert [*pipeline, *(channel.name for channel in CHANNELS)] == list(Hop)


def test_a_channel_that_no_setting_turns_on_is_ready_at_once() -> None:
    context = Context.load(load_settings(hops="webhooks,alertmanager", webhooks=None, alertmanager_url=""))
    assert make_channels(context) == []
    assert context.ready == set(context.needed) == {"webhooks", "alertmanager"}


def test_a_channel_runs_on_the_workers_that_have_its_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context.load(load_settings(hops="alertmanager", alertmanager_url="http://localhost:9093"))
    (made,) = make_channels(context)
    assert (made.hop, context.needed, context.ready) == ("alertmanager", ["alertmanager"], set())
    outside = Registration("outside", CHANNELS[2].place, lambda _: True)
    monkeypatch.setattr("bordertally.agents.delivery.channel_registry.CHANNELS", [outside])
    assert len(make_channels(context)) == 1
    assert context.needed == ["alertmanager", "outside"]
