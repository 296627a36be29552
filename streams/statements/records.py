"""The result of reading a statement: claims with their spans and doubts, and the figures left out with reasons."""

from __future__ import annotations

import enum
from typing import NamedTuple

from msgspec import Struct

from bordertally.streams.reports.records import ClaimFields


class Span(NamedTuple):
    """The characters from `start` to `end` (exclusive) of the text."""

    start: int
    end: int

    def moved(self, by: int) -> Span:
        """The same span, moved by a number of characters."""
        return Span(self.start + by, self.end + by)


class Doubt(enum.StrEnum):
    """Why a claim is uncertain. A person decides on every claim with a doubt."""

    NO_PERIOD = "no_period"
    VAGUE_PERIOD = "vague_period"
    IMPOSSIBLE_DATE = "impossible_date"
    OTHER_RATE = "other_rate"
    NO_DIRECTION = "no_direction"
    NO_ORIGIN = "no_origin"
    NO_DESTINATION = "no_destination"
    PART_OF_COUNTRY = "part_of_country"
    UNCONFIRMED = "unconfirmed"
    SEVERAL_PERIODS = "several_periods"
    SEVERAL_PLACES = "several_places"
    SEVERAL_GROUPS = "several_groups"
    UNKNOWN_GROUP = "unknown_group"
    VAGUE_PEOPLE = "vague_people"
    ODD_FIGURE = "odd_figure"
    CONTRADICTION = "contradiction"
    IMPLAUSIBLE = "implausible"
    INFERRED = "inferred"
    UNEXPLAINED = "unexplained"
    EXTRACTED = "extracted"
    REFUSED = "refused"


class Why(enum.StrEnum):
    """Why a figure is not a claim."""

    QUEUE = "queue"
    STOCK = "stock"
    CAPACITY = "capacity"
    DRAFT = "draft"
    REFUSED = "refused"
    APPLICATIONS = "applications"
    VISAS = "visas"
    ARRESTS = "arrests"
    STAFF = "staff"
    HYPOTHETICAL = "hypothetical"
    DENIED = "denied"
    AGE = "age"
    MONEY = "money"
    SHARE = "share"
    THINGS = "things"
    NET = "net"
    BOTH = "both"
    EARLIER = "earlier"
    NORMAL = "normal"
    NO_CROSSING = "no_crossing"
    UNCLEAR = "unclear"


class Voice(enum.StrEnum):
    """The speaker to whom the words attribute a figure. A voice never raises the grade of the source."""

    OWN = "own"
    MEDIA = "media"
    UNNAMED = "unnamed"

    @property
    def grade(self) -> str:
        """The best grade of a claim in this voice: C for the press, D for an unnamed voice."""
        return {Voice.OWN: "A", Voice.MEDIA: "C", Voice.UNNAMED: "D"}[self]


class FoundClaim(Struct, frozen=True, kw_only=True):
    """One claim found in words.

    `claim` is what a producer would have written; its `text` is the quoted span and its flow is unset where no flow
    can be told. `quote`: where `text` stands. `spans`: by field, where it was read; a field that was taken from the
    source or from an earlier sentence may have none. `confidence`: 0 to 1, a product of fixed weights, one for each
    step that had to be inferred; it orders the review and is no probability. Certain is what has no doubts.
    `speaker`: who is taken to say so, the code of a country in small letters ("kz") or the name of a body ("frontex");
    empty for the source itself. `why`: what a doubt is about, such as the word that is unexplained.
    """

    claim: ClaimFields
    quote: Span
    spans: dict[str, Span]
    confidence: float
    doubts: tuple[Doubt, ...] = ()
    voice: Voice = Voice.OWN
    speaker: str = ""
    why: str = ""

    @property
    def certain(self) -> bool:
        """Whether the claim counts without a decision of a person."""
        return not self.doubts


class LeftOut(NamedTuple):
    """A figure that is not a claim about people crossing, with the reason."""

    span: Span
    why: Why


class Statement(Struct, frozen=True):
    """A text with its claims. `language`: None if no table fits the text."""

    text: str
    language: str | None
    found: list[FoundClaim]
    left_out: list[LeftOut]

    @property
    def certain(self) -> list[FoundClaim]:
        """The claims that count without a decision of a person."""
        return [claim for claim in self.found if claim.certain]

    @property
    def doubtful(self) -> list[FoundClaim]:
        """The claims that a person must decide on."""
        return [claim for claim in self.found if not claim.certain]
