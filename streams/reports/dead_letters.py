"""Dead letters: what a refusal says beside the original bytes, which of them are meant, and what was sent again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import msgspec

from bordertally.streams.errors import BordertallyError, Reason, RefusedError, shown
from bordertally.streams.topics import BIGGEST

ORIGINAL = "original."
"""Stands before the names of the headers that the refused message had itself."""

UNOPENED = "unopened"
"""A header of a record that stands for a batch that could not be read: the hop that reads says so, no producer."""

ROOM = BIGGEST - 65_536
"""Bytes of a message, its key and headers with it, that a letter has room for beside what it says itself."""

AGAIN = "redriven"
"""A header of a report that was sent again: the id of the letter it was taken from."""

Headers = Sequence[tuple[str, bytes]]


class LetterPosition(NamedTuple):
    """Where the refused message stands. Written `topic/partition/offset`, it is the letter's id."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that an id names. Raises BordertallyError."""
        topic, _, rest = text.partition("/")
        partition, _, offset = rest.partition("/")
        if not topic or not partition.isdecimal() or not offset.isdecimal():
            raise BordertallyError(f"{shown(text)}: the id of a letter is topic/partition/offset, as `list` shows it")
        return cls(topic, int(partition), int(offset))


class Letter(NamedTuple):
    """A dead letter without its bytes. `at`: when it was refused (milliseconds since 1970 UTC); `size`: of the bytes.

    `kept`: the letter holds the message; a message that is too large for it only stands where `place` says.
    `headers`: those of the refused message. `reason` is text, for letters may be older than the list of reasons.
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
        """The id of the letter that this one was sent again from; None for a report that came by itself."""
        return next((value.decode("utf-8", "replace") for name, value in self.headers if name == AGAIN), None)


def make_letter(
    place: LetterPosition, error: RefusedError, source: str, message: tuple[bytes | None, bytes | None, Headers]
) -> tuple[bytes | None, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of the dead letter of a message (key, value, headers).

    They are those of the message, untouched, and what is wrong with it and where it stands as further headers. A
    message that is too large for that (compressed, it may have been small) is not held: `kept` says `there`.
    """
    key, raw, original = message
    size = len(key or b"") + len(raw or b"") + sum(len(name) + len(value or b"") + 20 for name, value in original)
    kept = size <= ROOM and not (raw is None and any(name == UNOPENED for name, _ in original))
    said = {
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
    headers = [(name, text.encode("utf-8", "backslashreplace")) for name, text in said.items()]
    if not kept:
        return None, b"", headers
    return key, raw or b"", headers + [(ORIGINAL + name, value) for name, value in original]


def letter_of(headers: Headers, key: bytes | None, size: int, at: int) -> Letter | None:
    """The letter that a record on `reports.rejected` is; None for a record that is none."""
    said = {name: (value or b"").decode("utf-8", "replace") for name, value in headers if not name.startswith(ORIGINAL)}
    try:
        place = LetterPosition(said["topic"], int(said["partition"]), int(said["offset"]))
        reason, field, value, why = said["reason"], said["field"], said["value"], said["why"]
    except (KeyError, ValueError):
        return None
    original = tuple((name.removeprefix(ORIGINAL), raw) for name, raw in headers if name.startswith(ORIGINAL))
    report, source, kept = said.get("report", ""), said.get("source", ""), said.get("kept", "here") == "here"
    return Letter(place, at, reason, field, value, why, report, source, size, kept, key, original)


class Redriven(msgspec.Struct, frozen=True):
    """A record on `reports.redriven`: a letter was sent again. Both are ids; `at` is an RFC 3339 time."""

    letter: str
    to: str
    at: str


class LetterFilter(NamedTuple):
    """Which letters are meant: those named, or those that pass every filter given. Times in milliseconds."""

    places: frozenset[LetterPosition] = frozenset()
    reasons: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    since: int | None = None
    until: int | None = None

    def covers(self, letter: Letter) -> bool:
        """Whether this letter is meant."""
        return (
            (not self.places or letter.place in self.places)
            and (not self.reasons or letter.reason in self.reasons)
            and (not self.sources or letter.source in self.sources)
            and (not self.topics or letter.place.topic in self.topics)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
        )


def check_reasons(names: Iterable[str]) -> frozenset[str]:
    """Reasons as an operator writes them. Raises BordertallyError for one that is not in the closed list."""
    for name in (chosen := frozenset(names)):
        if name not in set(Reason):
            raise BordertallyError(f"--reason: {shown(name)} is none; there are {', '.join(Reason)}")
    return chosen


def printable(raw: bytes) -> str:
    """Bytes for a terminal: as text, with everything that could steer the terminal written out."""
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)
