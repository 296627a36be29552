"""The routes of the review: list the claims that wait, and decide on one, as `bordertally review` does."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from bordertally.agents.gateway.guard import CALLER
from bordertally.agents.gateway.parameters import AskReview, NewDecision, asked
from bordertally.agents.gateway.representations import respond
from bordertally.agents.gateway.responses import ReviewList, ReviewRow
from bordertally.agents.gateway.writes.admission import Admission
from bordertally.agents.gateway.writes.bodies import decoded
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.gateway.writes.topic_memory import TopicMemory
from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.report_record import record_of
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.errors import BordertallyError, RefusedError, shown
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import Settings
from bordertally.streams.statements.review import Docket, Item, Ruling, decide, decode, make_turn
from bordertally.streams.topics import Topics


class Reviewing:
    """The docket in memory, and the decisions of this gateway.

    An item is decided once, also between gateways and `bordertally review`: each writes a turn, reads the topic to its
    end, and publishes only where its turn is the first of the item. The other reviewers are told who is before them.
    """

    def __init__(self, settings: Settings, registry: Registry, store: Store) -> None:
        self.settings, self.registry, self.store = settings, registry, store
        self.topics, self.limits = Topics(settings.topic_prefix), Limits.of(settings)
        self.docket = Docket([])
        self.memory = TopicMemory(settings, self.topics.review, self.apply)

    def renew(self, registry: Registry) -> None:
        """Check decisions against this registry from now on."""
        self.registry = registry

    def apply(self, record: Any) -> None:
        """Apply a record of the topic."""
        decoded_record = decode(record.value or b"")
        if decoded_record is not None:
            self.docket.add(decoded_record)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """Answer with the items that wait, the most confident first, or the decided ones, the latest decision first."""
        question = asked(request, AskReview)
        return respond(request, self._listed(question, request[CALLER].source), question)

    def _listed(self, question: AskReview, source: str | None) -> ReviewList:
        docket, waiting = self.docket, self.docket.open
        decided = sorted(
            (decision for name, decision in docket.decisions.items() if name in docket.items),
            key=lambda decision: (decision.published, decision.review),
            reverse=True,
        )
        if question.state == "waiting":
            rows = [ReviewRow(item, None) for item in waiting]
        else:
            rows = [ReviewRow(docket.items[decision.review], decision) for decision in decided]
        unsigned = sorted(name for name in self.registry.sources if name not in self.registry.keys)
        sources = unsigned if source is None else []
        return ReviewList(rows[: question.limit], len(waiting), len(decided), source, sources)

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """Decide on an item. Raises ProblemError: 404, 409 where it is decided already, 403, 422."""
        new = await decoded(request, "a decision", NewDecision)
        source = self._source(request, new)
        name = request.match_info["id"]
        await self.memory.caught_up()
        item = self.docket.items.get(name)
        if item is None:
            raise ProblemError(404, f"there is no item {name} to review", field="id", value=name)
        _refuse(self.docket.decided(name), name)
        ruling = self._ruling(item, source, new)
        turn = make_turn(name, source, datetime.now(UTC), secrets.token_hex(8))
        await self.store.write(Record(self.topics.review, name.encode(), msgspec.json.encode(turn)))
        await self.memory.caught_up()
        _refuse(self.docket.before(turn), name)
        if ruling.report is not None:
            await self.store.write(record_of(ruling.report, self.registry, self.topics))
        await self.store.write(Record(self.topics.review, name.encode(), msgspec.json.encode(ruling.decision)))
        self.docket.add(ruling.decision)
        return web.Response(body=msgspec.json.encode(ruling.decision), status=201, content_type="application/json")

    def _ruling(self, item: Item, source: str, new: NewDecision) -> Ruling:
        verdict = "edited" if new.edits and new.decision == "accepted" else new.decision
        try:
            ruling = decide(
                item,
                source,
                verdict,
                edits=new.edits,
                note=new.note,
                now=datetime.now(UTC),
                registry=self.registry,
                limits=self.limits,
            )
        except RefusedError as error:
            field = error.field.removeprefix("claims[0].")
            raise ProblemError(
                422, f"{field}: {error.why} (got {error.value})", field=field, value=error.value, reason=error.reason
            ) from None
        except BordertallyError as error:
            raise ProblemError(422, str(error), field="edits", value=", ".join(new.edits)) from None
        if ruling.report is not None and source in self.registry.keys:
            command = f"bordertally review accept {item.id} --as {source} --key FILE"
            raise ProblemError(422, f"{source} signs its reports; decide with: {command}", field="source", value=source)
        return ruling

    def _source(self, request: web.Request, new: NewDecision) -> str:
        """Return the source that signs: that of the token, else the one in the body."""
        caller = request[CALLER]
        Admission.check_source(caller, new.source)
        source = caller.source or new.source
        if source is not None and source not in self.registry.sources:
            raise ProblemError(422, f"source: {shown(source)} is not in the registry", field="source", value=source)
        if source is None:
            raise ProblemError(422, "source: name the source that decides; this token has none", field="source")
        return source


def _refuse(before: str | None, name: str) -> None:
    """Raise ProblemError (409) where somebody is before the reviewer."""
    if before is not None:
        raise ProblemError(409, before, field="id", value=name)
