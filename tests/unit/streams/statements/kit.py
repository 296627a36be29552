"""What the tests of the reader's parts share: a sentence with its marks, and a text with its claims."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bordertally.agents.runtime.languages import load_reader
from bordertally.streams.statements.lexicon.grammar import Tongue
from bordertally.streams.statements.lexicon.marks import Sheet
from bordertally.streams.statements.lexicon.time_phrases import Times
from bordertally.streams.statements.reader import Speaker
from bordertally.streams.statements.records import FoundClaim, Statement

READER = load_reader()
TONGUES = {tongue.language.code: tongue for tongue in READER.tongues}
ENGLISH, RUSSIAN = TONGUES["en"], TONGUES["ru"]
ALMATY = ZoneInfo("Asia/Almaty")
TUESDAY = datetime(2022, 9, 27, 9, tzinfo=ALMATY)


def read(text: str, home: str | None = "KZ", published: datetime = TUESDAY) -> Statement:
    """A text as read."""
    return READER.read(text, published, Speaker(ALMATY, home))


def only(text: str, home: str | None = "KZ", published: datetime = TUESDAY) -> FoundClaim:
    """The one claim of a text, certain or not."""
    (claim,) = read(text, home, published).found
    return claim


def scan(sentence: str, tongue: Tongue = ENGLISH, published: datetime = TUESDAY) -> Sheet:
    """A sentence with its marks."""
    return tongue.scanner.scan(sentence, Times(tongue.language, published))


def rows_of(statement: Statement) -> list[tuple[object, object, object, str]]:
    """The claims of a statement: flow, period, people, qualifier."""
    return [
        (claim.flow or None, claim.period or None, claim.people, str(claim.qualifier))
        for claim in (candidate.claim for candidate in statement.found)
    ]
