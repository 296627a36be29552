"""Reading a statement: from a text, its time of publication and its speaker to claims with their spans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bordertally.streams.statements.lexicon.gazetteer import Gazetteer
from bordertally.streams.statements.lexicon.grammar import Tongue
from bordertally.streams.statements.lexicon.language import Language
from bordertally.streams.statements.lexicon.time_phrases import Times
from bordertally.streams.statements.records import Statement
from bordertally.streams.statements.sentences import TextReading


class Speaker(NamedTuple):
    """The speaker of a text: the time zone of its days, and the country or bloc that "the country" means, if any."""

    zone: ZoneInfo
    home: str | None = None


class Reader:
    """Reads statements in the languages that have tables. The same text always gives the same claims."""

    def __init__(self, languages: Sequence[Language], gazetteer: Callable[[], Gazetteer]) -> None:
        """`gazetteer`: called for the gazetteer with the first text."""
        self.tongues = [Tongue(language, gazetteer) for language in languages]

    def read(self, text: str, published: datetime, speaker: Speaker) -> Statement:
        """What a text claims.

        `published`: with an offset from UTC; phrases of time are relative to it, on the wall clock of the speaker.
        Nothing is refused: a text in which no claim is found, or whose language nobody knows, comes to none.
        """
        tongue = max(self.tongues, key=lambda tongue: tongue.fit(text), default=None)
        if tongue is None or not tongue.fit(text):
            return Statement(text, None, [], [])
        times = Times(tongue.language, published.astimezone(speaker.zone))
        return TextReading(tongue, text, times, speaker.home).statement()
