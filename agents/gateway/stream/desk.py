"""Acknowledgements and the length of the review queue, for stream clients that ask for `desk`; sent whole on a change.

Like the list of muted alerts, it is a state without a position: a reconnecting client gets it again.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bordertally.agents.gateway.stream.client import Chunks, Client
from bordertally.agents.gateway.stream.events import DESK, RANK, Filter
from bordertally.agents.gateway.stream.hub import Hub
from bordertally.streams.alerts.acknowledgements import Acknowledgement, Acknowledgements
from bordertally.streams.flows import includes
from bordertally.streams.statements.review import Docket

MOST = 500
"""The most acknowledgements in an event, the newest ones."""


class DeskNews:
    """Sends the newest acknowledgement of each alert, and how many claims wait for review."""

    def __init__(self, hub: Hub, acknowledgements: Acknowledgements, docket: Docket) -> None:
        self.hub, self.acknowledgements, self.docket = hub, acknowledgements, docket

    def changed(self) -> None:
        """Send the event to every client that asks for it."""
        for wanted, clients in list(self.hub.clients.items()):
            if DESK in wanted.kinds:
                self.hub.push(clients, Chunks(self._event(wanted)))

    def send(self, client: Client) -> None:
        """Send the event to a client that has just joined."""
        if DESK in client.filter.kinds:
            self.hub.push({client}, Chunks(self._event(client.filter)))

    def _event(self, wanted: Filter) -> bytes:
        newest = [records[-1] for records in self.acknowledgements.by_alert.values() if records]
        shown = sorted((record for record in newest if _wants(wanted, record)), key=lambda record: record.at)[-MOST:]
        state: dict[str, Any] = {
            "acknowledged": {record.alert: record for record in shown},
            "waiting": len(self.docket.open),
        }
        return b"event: desk\ndata: %b\n\n" % msgspec.json.encode(state)


def _wants(wanted: Filter, record: Acknowledgement) -> bool:
    rank = RANK.get(record.severity, 0)
    return rank >= wanted.rank and (wanted.flow is None or includes(wanted.flow, record.flow))
