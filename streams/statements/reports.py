"""Reports in words: certain claims go on to the ledger, uncertain ones to the review."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.periods import parse_period
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.notices import Tell, untold
from bordertally.streams.reports.records import Report
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits, check_head, claim_of, claims_of, decode_report
from bordertally.streams.statements.extractor import Extractor, proposals
from bordertally.streams.statements.reader import Reader, Speaker
from bordertally.streams.statements.records import Doubt, FoundClaim, Statement, Voice
from bordertally.streams.statements.review import Item, make_item

LONGEST = 20_000
"""The most characters of a statement: a long press release, which takes a second or two to read."""


LONGEST_TITLE = 500
"""The most characters of a title that are read."""


Admit = Callable[[str, str], None]
"""A check of source and report id, which raises RefusedError where the source may not send the report."""


def anybody(_source: str, _report: str) -> None:
    """Admit every report."""


class Words(NamedTuple):
    """The claims that a report in words makes, and its items for the review; at least one of the two."""

    claims: list[Claim]
    items: list[Item]


class WordReader:
    """Reads reports in words against a registry. `extractor`: may propose further claims (see Extractor)."""

    def __init__(self, load: Callable[[], Reader], registry: Registry, extractor: Extractor | None = None) -> None:
        """`load` makes the reader. It is called for the first report in words, because loading the tables is slow."""
        self._load, self.registry, self.extractor = load, registry, extractor

    def read(self, report: Report, now: float, limits: Limits | None = None, admit: Admit = anybody) -> Words:
        """The claims of a report in words (see `Report.in_words`) that arrived at `now`, and its items for the review.

        `admit` is called before the words are read, because reading takes longer than all other checks. Raises
        RefusedError, with the reason no_claim where the words hold no claim at all.
        """
        check_head(report, self.registry, now, limits or Limits())
        text = report.text if isinstance(report.text, str) else ""
        if len(text) > LONGEST:
            raise RefusedError(
                Reason.TOO_LARGE,
                "text",
                text,
                f"this text has {len(text):,} characters; at most {LONGEST:,} are allowed",
                report.id,
            )
        admit(report.source, report.id)
        statement, claims = self._judged(report, now, limits)
        items = [make_item(report, claim, statement.text, statement.language) for claim in statement.doubtful]
        if not claims and not items:
            raise RefusedError(
                Reason.NO_CLAIM, "text", text, "the text states no number of people crossing a border", report.id
            )
        return Words(claims, items)

    def judged(self, report: Report, now: float, limits: Limits | None = None) -> Statement:
        """The statement of a report of a known source. A claim that fails the checks of a claim carries a doubt."""
        return self._judged(report, now, limits)[0]

    def _judged(self, report: Report, now: float, limits: Limits | None) -> tuple[Statement, list[Claim]]:
        statement = self._read(report)
        claims, passed, failed = self._checked(report, statement.certain, now, limits)
        everything = sorted([*passed, *failed, *statement.doubtful], key=lambda claim: claim.quote)
        return msgspec.structs.replace(statement, found=everything), claims

    def _read(self, report: Report) -> Statement:
        """The statement of a report of a known source, with the proposals of the extractor."""
        body = report.text if isinstance(report.text, str) else ""
        head = _headline(report)
        text = head + body
        speaker = Speaker(self.registry.zones[report.source], self.registry.home(report.source))
        statement = _without_echoes(self._load().read(text, report.published, speaker), len(head))
        claims = [self._attributed(report, claim) for claim in statement.found]
        statement = msgspec.structs.replace(statement, found=claims)
        if self.extractor is None:
            return statement
        further = proposals(self.extractor(text, report.published, speaker), text, statement.found)
        return msgspec.structs.replace(statement, found=[*statement.found, *further])

    def _checked(
        self, report: Report, claims: list[FoundClaim], now: float, limits: Limits | None
    ) -> tuple[list[Claim], list[FoundClaim], list[FoundClaim]]:
        """Check certain claims: the claims that pass, the found claims that pass, and the found claims that fail.

        A claim that is stated twice counts once. Of two claims that contradict each other, none counts.
        """
        taken: dict[tuple[object, ...], tuple[Claim, FoundClaim]] = {}
        doubtful: list[FoundClaim] = []
        against: set[tuple[object, ...]] = set()
        for candidate in claims:
            try:
                claim = self._claim(report, candidate, now, limits)
            except RefusedError as error:
                doubtful.append(_doubted(candidate, Doubt.REFUSED, str(error)))
                continue
            earlier = taken.setdefault(claim.identity, (claim, candidate))
            if earlier[0].best != claim.best:
                against.add(claim.identity)
                doubtful.append(
                    _doubted(candidate, Doubt.CONTRADICTION, f"also {earlier[1].claim.people} in this statement")
                )
        doubtful += [
            _doubted(taken[key][1], Doubt.CONTRADICTION, "another figure in this statement") for key in against
        ]
        good = [pair for key, pair in taken.items() if key not in against]
        return [claim for claim, _ in good], [candidate for _, candidate in good], doubtful

    def _claim(self, report: Report, found: FoundClaim, now: float, limits: Limits | None) -> Claim:
        """A found claim, checked like any other, with the best grade that its voice allows and the quoted words."""
        fields = msgspec.structs.replace(found.claim, url=report.url, historic=report.historic)
        claim = claim_of(fields, check_head(report, self.registry, now, limits or Limits()))
        quote = found.claim.text if isinstance(found.claim.text, str) else None
        return msgspec.structs.replace(claim, grade=max(claim.grade, self._best_grade(report, found)), text=quote)

    def _best_grade(self, report: Report, found: FoundClaim) -> str:
        """The best grade that a claim can have: C for what a source retells of another, D for an unnamed voice."""
        return max(found.voice.grade, Voice.MEDIA.grade) if self._retold(report, found) else found.voice.grade

    def _retold(self, report: Report, found: FoundClaim) -> bool:
        """Whether a source retells what another says."""
        return found.speaker not in {"", report.source, (self.registry.home(report.source) or "").lower()}

    def _attributed(self, report: Report, found: FoundClaim) -> FoundClaim:
        """A claim with `attributed_to`, where the source retells it. A reading, shorter than a day, cannot have it."""
        period = found.claim.period
        zone = self.registry.zones[report.source]
        whole = not isinstance(period, str) or not parse_period(period, zone).part_of_day
        if not whole or not self._retold(report, found):
            return found
        claim = msgspec.structs.replace(found.claim, attributed_to=found.speaker)
        return msgspec.structs.replace(found, claim=claim)


def _headline(report: Report) -> str:
    """The title of a report as the first sentence of its text; empty if the text begins with the title."""
    if report.title is UNSET or not isinstance(report.text, str):
        return ""
    try:
        title = " ".join(msgspec.json.decode(report.title, type=str).split())[:LONGEST_TITLE]
    except (msgspec.MsgspecError, ValueError):
        return ""
    return "" if report.text.lstrip().startswith(title) else f"{title}\n\n"


def _without_echoes(statement: Statement, head: int) -> Statement:
    """A statement without those claims of its headline on whose flows the text itself makes claims."""
    spoken = {claim.claim.flow for claim in statement.found if claim.quote.start >= head}
    kept = [claim for claim in statement.found if claim.quote.start >= head or claim.claim.flow not in spoken]
    return statement if len(kept) == len(statement.found) else msgspec.structs.replace(statement, found=kept)


def read_claims(  # noqa: PLR0913, PLR0917 - what a report is judged by
    raw: bytes,
    registry: Registry,
    now: float,
    limits: Limits | None,
    words: WordReader | None,
    admit: Admit = anybody,
    tell: Tell = untold,
    *,
    stamped: bool = True,
) -> list[Claim]:
    """The claims of a report in figures or, with a reader of words, in words; none where all go to the review.

    Without a reader, a report in words is refused because it has no flow. `tell` takes the notices about the report.
    `stamped` is as of `claims_of`. Raises RefusedError.
    """
    limits = limits or Limits()
    report = decode_report(raw, limits, tell)
    if words is not None and report.in_words:
        return words.read(report, now, limits, admit).claims
    claims = claims_of(report, registry, now, limits, tell, stamped=stamped)
    admit(report.source, report.id)
    return claims


def _doubted(found: FoundClaim, doubt: Doubt, why: str) -> FoundClaim:
    return msgspec.structs.replace(
        found, doubts=(*found.doubts, doubt), confidence=round(found.confidence / 2, 3), why=why
    )
