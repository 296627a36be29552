"""Dead letters: refused reports as stored on `reports.rejected`, filters for them, and notes on those sent again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import msgspec

from bordertally.streams.errors import BordertallyError, Reason, RefusedError, shown
from bordertally.streams.topics import BIGGEST

ORIGINAL = "original."
"""Prefix, in a dead letter, of the names of the headers of the refused message."""

UNOPENED = "unopened"
"""Header of a record that the reading hop puts in the place of a batch that it could not read."""

ROOM = BIGGEST - 65_536
"""The most bytes of a message, with key and headers, that fit into a dead letter beside its own headers."""

AGAIN = "redriven"
"""Header of a report that was sent again: the id of its dead letter."""

Headers = Sequence[tuple[str, bytes]]


class LetterPosition(NamedTuple):
    """The position of the refused message in Kafka. Written `topic/partition/offset`, it is the id of the letter."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position that an id names. Raises BordertallyError."""
        topic, _, rest = text.partition("/")
        partition, _, offset = rest.partition("/")
        if not topic or not partition.isdecimal() or not offset.isdecimal():
            raise BordertallyError(f"{shown(text)}: the id of a letter is topic/partition/offset, as `list` shows it")
        return cls(topic, int(partition), int(offset))


class Letter(NamedTuple):
    """A dead letter without its bytes.

    `at`: when the message was refused, in milliseconds since 1970 UTC. `size`: bytes of the message. `kept`: whether
    the letter holds the message; one that is too large stands only at `place`. `headers`: those of the refused message.
    `reason` is text, because a letter may be older than the list of reasons.
    """

    place: LetterPosition
    at: int
    reason: str
    field: str
    value: str
    why: str
    report: str
    source: str
    size: int
    kept: bool
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def after(self) -> str | None:
        """The id of the dead letter whose report was sent again and refused again; None for a report sent once."""
        return next((value.decode("utf-8", "replace") for name, value in self.headers if name == AGAIN), None)


def make_letter(
    place: LetterPosition, error: RefusedError, source: str, message: tuple[bytes | None, bytes | None, Headers]
) -> tuple[bytes | None, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of the dead letter of a message, which is given as (key, value, headers).

    The letter has the key and value of the message unchanged, its headers under `original.`, and the error and the
    position as further headers. A message that does not fit is left where it is, and the header `kept` says `there`:
    a message may be far larger than its compressed batch.
    """
    key, raw, original = message
    size = len(key or b"") + len(raw or b"") + sum(len(name) + len(value or b"") + 20 for name, value in original)
    kept = size <= ROOM and not (raw is None and any(name == UNOPENED for name, _ in original))
    fields = {
        "reason": error.reason.value,
        "field": error.field,
        "value": error.value,
        "why": error.why,
        "report": error.report or "",
        "source": shown(source),
        "topic": place.topic,
        "partition": str(place.partition),
        "offset": str(place.offset),
        "kept": "here" if kept else "there",
    }
    headers = [(name, text.encode("utf-8", "backslashreplace")) for name, text in fields.items()]
    if not kept:
        return None, b"", headers
    return key, raw or b"", headers + [(ORIGINAL + name, value) for name, value in original]


def letter_of(headers: Headers, key: bytes | None, size: int, at: int) -> Letter | None:
    """The dead letter in a record of `reports.rejected`; None for any other record."""
    fields = {
        name: (value or b"").decode("utf-8", "replace") for name, value in headers if not name.startswith(ORIGINAL)
    }
    try:
        place = LetterPosition(fields["topic"], int(fields["partition"]), int(fields["offset"]))
        reason, field, value, why = fields["reason"], fields["field"], fields["value"], fields["why"]
    except (KeyError, ValueError):
        return None
    original = tuple((name.removeprefix(ORIGINAL), raw) for name, raw in headers if name.startswith(ORIGINAL))
    report, source, kept = fields.get("report", ""), fields.get("source", ""), fields.get("kept", "here") == "here"
    return Letter(place, at, reason, field, value, why, report, source, size, kept, key, original)


class Redriven(msgspec.Struct, frozen=True):
    """A record on `reports.redriven`: the report of a dead letter was sent again.

    `letter`: the id of the dead letter. `to`: the position of the new message. `at`: an RFC 3339 time.
    """

    letter: str
    to: str
    at: str


class LetterFilter(NamedTuple):
    """Which dead letters are wanted: those that pass every filter given. Times are milliseconds since 1970 UTC."""

    places: frozenset[LetterPosition] = frozenset()
    reasons: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    since: int | None = None
    until: int | None = None

    def covers(self, letter: Letter) -> bool:
        """Whether a letter passes every filter."""
        return (
            (not self.places or letter.place in self.places)
            and (not self.reasons or letter.reason in self.reasons)
            and (not self.sources or letter.source in self.sources)
            and (not self.topics or letter.place.topic in self.topics)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
        )


def check_reasons(names: Iterable[str]) -> frozenset[str]:
    """The reasons that an operator names. Raises BordertallyError for a reason that is not in the list."""
    for name in (chosen := frozenset(names)):
        if name not in set(Reason):
            raise BordertallyError(f"--reason: {shown(name)} is not a reason; the reasons are {', '.join(Reason)}")
    return chosen


def printable(raw: bytes) -> str:
    """Bytes as text for a terminal, with control characters escaped."""
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in text)
