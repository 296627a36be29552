"""The review: uncertain claims for a person to decide on, turns to do so, and decisions, as records on one topic."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Struct

from bordertally.streams.errors import BordertallyError, shown
from bordertally.streams.reports.records import ClaimFields, Report
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits, read_report
from bordertally.streams.statements.records import FoundClaim

Verdict = Literal["accepted", "edited", "rejected"]

SHOWN_AROUND = 2_000
"""Characters of a statement kept with an item at most, on each side of the quoted words."""


class Item(Struct, kw_only=True, tag="item", tag_field="kind", frozen=True):
    """An uncertain claim found in words.

    `claim`: the claim that would be published. `context`: the words around `claim.text`; `spans`: where each field was
    read in the context, [start, end). `at`: where the quote begins in the statement. `doubts`: values of
    records.Doubt; `why`: the refusal in words, if there was one.
    """

    id: str
    report: str
    source: str
    published: str
    claim: ClaimFields
    context: str
    spans: dict[str, tuple[int, int]]
    doubts: list[str]
    confidence: float
    voice: str
    at: int = 0
    language: str | None = None
    url: str | None = None
    why: str = ""


class Decision(Struct, kw_only=True, tag="decision", tag_field="kind", frozen=True):
    """The decision of a reviewer, who is a source of the registry, on an item.

    `report`: the id of the report that was published for it; None for a rejection. `published`: when, RFC 3339.
    """

    review: str
    source: str
    published: str
    decision: Verdict
    report: str | None = None
    note: str = ""


class Turn(Struct, kw_only=True, tag="turn", tag_field="kind", frozen=True):
    """A reviewer begins to decide on an item. The first turn of an item on the topic has it.

    `mark`: random, as two people may decide as one source. A turn without a decision ends after `TURN`.
    """

    review: str
    source: str
    published: str
    mark: str


TURN = timedelta(minutes=10)
"""How long a turn lasts at most, by the clocks of the reviewers: longer than those may differ."""

Record = Item | Turn | Decision
_decode = msgspec.json.Decoder(Record).decode


def make_item(report: Report, found: FoundClaim, text: str, language: str | None) -> Item:
    """The item of a claim. Its id follows from report and claim, so the same report gives the same item again."""
    start = max(0, found.quote.start - SHOWN_AROUND)
    end = min(len(text), found.quote.end + SHOWN_AROUND)
    spans = {
        name: (span.start - start, span.end - start)
        for name, span in found.spans.items()
        if start <= span.start and span.end <= end
    }
    content = msgspec.json.encode([report.source, report.id, found.claim, found.quote])
    return Item(
        id=f"{report.id[:150]}.{hashlib.sha256(content).hexdigest()[:10]}",
        report=report.id,
        source=report.source,
        published=report.published.isoformat(),
        claim=found.claim,
        context=text[start:end],
        spans=spans,
        doubts=[doubt.value for doubt in found.doubts],
        confidence=found.confidence,
        voice=found.voice.value,
        at=found.quote.start,
        language=language,
        url=None if report.url is UNSET else report.url,
        why=found.why,
    )


def make_turn(name: str, source: str, now: datetime, mark: str) -> Turn:
    """The turn of a source on an item that begins now."""
    return Turn(review=name, source=source, published=now.isoformat(timespec="milliseconds"), mark=mark)


def decode(raw: bytes) -> Record | None:
    """A record of the topic; None for bytes that are not a record."""
    try:
        record: Record = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return record


class Docket:
    """All items, and the first turn and the first decision of each, in the order of the topic."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.items: dict[str, Item] = {}
        self.decisions: dict[str, Decision] = {}
        self.turns: dict[str, Turn] = {}
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Add a record of the topic."""
        match record:
            case Item():
                self.items.setdefault(record.id, record)
            case Decision():
                self.decisions.setdefault(record.review, record)
            case Turn():
                first = self.turns.setdefault(record.review, record)
                if datetime.fromisoformat(record.published) - datetime.fromisoformat(first.published) > TURN:
                    self.turns[record.review] = record

    def before(self, turn: Turn) -> str | None:
        """Who is before a turn, in words; None where the turn has its item."""
        if (decided := self.decided(turn.review)) is not None:
            return decided
        first = self.turns.get(turn.review, turn)
        return None if first.mark == turn.mark else f"{first.source} is deciding on it since {first.published}"

    def decided(self, name: str) -> str | None:
        """Who has decided on an item, in words; None where nobody has."""
        decision = self.decisions.get(name)
        return None if decision is None else f"{decision.source} has {decision.decision} it at {decision.published}"

    @property
    def open(self) -> list[Item]:
        """The undecided items, the most confident first."""
        left = [item for key, item in self.items.items() if key not in self.decisions]
        return sorted(left, key=lambda item: (-item.confidence, item.published, item.report, item.at, item.id))

    def item(self, name: str) -> Item:
        """The item with an id or an unambiguous beginning of an id. Raises BordertallyError."""
        exact = self.items.get(name)
        if exact is not None:
            return exact
        items = [item for key, item in self.items.items() if key.startswith(name)]
        if len(items) != 1:
            many = f"{len(items)} items begin so" if items else "there is no such item"
            raise BordertallyError(f"review: {many} (got {shown(name)})")
        return items[0]


class Ruling(NamedTuple):
    """What a decision comes to: the report of the reviewer (None for a rejection), and the record of the decision."""

    report: bytes | None
    decision: Decision


def decide(  # noqa: PLR0913 - a decision and what it is checked against
    item: Item,
    source: str,
    verdict: Verdict,
    *,
    edits: dict[str, Any],
    note: str,
    now: datetime,
    registry: Registry,
    limits: Limits,
) -> Ruling:
    """The ruling of a source of the registry on an item. Publish the report first: a crash then loses no claim.

    Raises RefusedError when the report would be refused, BordertallyError for a source that is not in the registry.
    """
    if source not in registry.sources:
        raise BordertallyError(f"review: source {shown(source)} is not in the registry")
    published = now.isoformat(timespec="milliseconds")
    raw = name = None
    if verdict != "rejected":
        raw = accepted(item, source, published, edits)
        name = read_report(raw, registry, now.timestamp(), limits)[0].report
    decision = Decision(review=item.id, source=source, published=published, decision=verdict, report=name, note=note)
    return Ruling(raw, decision)


def accepted(item: Item, source: str, published: str, edits: dict[str, Any]) -> bytes:
    """The report that a reviewer publishes for an item, `edits` put over the claim's fields.

    It is the reviewer's: their source, their grade. A field that is edited to None is left out. It still has to pass
    `read_report`. Raises BordertallyError for an edit that is no field of a claim.
    """
    unknown = sorted(edits.keys() - set(ClaimFields.__struct_fields__))
    if unknown:
        known = ", ".join(ClaimFields.__struct_fields__)
        raise BordertallyError(f"review: {shown(unknown[0])} is no field of a claim; those are {known}")
    claim = msgspec.to_builtins(item.claim) | edits
    claim = {name: value for name, value in claim.items() if value is not None}
    report = {"id": f"review.{item.id}"[:200], "source": source, "published": published, "claims": [claim]}
    return msgspec.json.encode(
        report | {"review": item.id, "said_by": item.source} | ({"url": item.url} if item.url else {})
    )
