"""The route that acknowledges an alert, and the acknowledgements that the read routes show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from bordertally.agents.gateway.parameters import NewAcknowledgement
from bordertally.agents.gateway.view import ServingView
from bordertally.agents.gateway.writes.bodies import decoded
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.alerts.acknowledgements import Acknowledgements, acknowledge
from bordertally.streams.errors import BordertallyError
from bordertally.streams.topics import Topics


class Acknowledging:
    """Acknowledgements: written to Kafka, and read from there into memory."""

    def __init__(self, view: ServingView, store: Store, topics: Topics) -> None:
        self.view, self.store, self.topic = view, store, topics.acknowledgements
        self.known = Acknowledgements()

    def apply(self, record: Any) -> None:
        """Apply a record of the topic."""
        self.known.apply(record.value)

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Acknowledge an open alert. Raises ProblemError: 404 for an unknown alert, 409 for a closed one, 422."""
        new = await decoded(request, "an acknowledgement", NewAcknowledgement)
        name = request.match_info["id"]
        alert, _ = await self.view.alert(name)
        if alert is None:
            raise ProblemError(404, f"there is no alert {name}", field="id", value=name)
        try:
            record = acknowledge(alert, author=new.author, note=new.note, now=datetime.now(UTC))
        except BordertallyError as error:
            field = str(error).partition(":")[0]
            status, value = (409, name) if field == "alert" else (422, getattr(new, field, None))
            raise ProblemError(status, str(error), field=field, value=value) from None
        body = msgspec.json.encode(record)
        await self.store.write(Record(self.topic, record.alert.encode(), body))
        self.known.apply(body)
        return web.Response(body=body, status=201, content_type="application/json")
