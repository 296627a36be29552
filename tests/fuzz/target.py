"""What must hold of any bytes that come to the intake; hypothesis and atheris both try it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from bordertally.agents.runtime.languages import word_reader
from bordertally.streams.errors import RefusedError
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.claims import Claim, Claims
from bordertally.streams.reports.dead_letters import LetterPosition, letter_of, make_letter, printable
from bordertally.streams.reports.sources import source_of
from bordertally.streams.reports.validation import Limits, read_report
from bordertally.streams.statements.reports import WordReader
from unit.kit import NOW, REGISTRY, take

LIMITS = Limits()
PLACE = LetterPosition("reports.government", 0, 7)
_words: list[WordReader] = []


def words() -> WordReader:
    """The reader of words, made once."""
    if not _words:
        _words.append(word_reader(REGISTRY))
    return _words[0]


def outcome(read: Callable[[], object]) -> object:
    """What comes of it, or why nothing does."""
    try:
        return read()
    except RefusedError as error:
        return str(error), error.reason, error.report


def intake(raw: bytes) -> bool:
    """Take a report as the intake does, twice; True if it was taken. Anything but claims or a refusal is a fault."""
    sorter = Sorter(REGISTRY, LIMITS, 3)
    refusals = []
    for _ in range(2):  # the second time what is remembered of the source decides
        try:
            take(sorter, raw, NOW, words=words())
        except RefusedError as error:
            refusals.append(error)
    sent = [msgspec.msgpack.encode(message) for _, message in sorter.messages()]
    assert all(msgspec.msgpack.decode(message, type=Claims).count for message in sent)
    assert [str(refusal) for refusal in refusals] in ([], [str(refusals[0])] * 2 if refusals else [])
    if refusals:
        assert not sent
        is_letter(raw, refusals[0])
    alone = outcome(lambda: read_report(raw, REGISTRY, NOW, LIMITS))
    if isinstance(alone, list):
        assert not refusals
        assert all(isinstance(claim, Claim) for claim in alone)
    return not refusals


def is_letter(raw: bytes, error: RefusedError) -> None:
    """A refusal can be kept, read back and shown."""
    source = source_of(raw, LIMITS.bytes)
    key, value, headers = make_letter(PLACE, error, source, (raw[:9], raw, [("h", raw[-9:])]))
    letter = letter_of(headers, key, len(value), 0)
    assert letter is not None
    assert (letter.place, letter.reason, letter.kept, value) == (PLACE, error.reason.value, True, raw)
    for text in (letter.field, letter.value, letter.why, letter.source, letter.report):
        assert printable(text.encode()).isprintable() or "\n" in text
    assert sum(len(name) + len(value) for name, value in headers) < 4_000
