"""A report that carries words and no figures: what is certain becomes claims, what is not goes to the review."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.records import Report
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits, read_report
from bordertally.streams.statements.extractor import Extractor, proposals
from bordertally.streams.statements.reader import Reader, Speaker
from bordertally.streams.statements.records import Doubt, FoundClaim, Statement
from bordertally.streams.statements.review import Item, make_item


class Told(Report, kw_only=True):
    """A report in words, with its headline. Reports in figures may carry any `title`, so it is checked only here."""

    title: Any = UNSET


decode_told = msgspec.json.Decoder(Told).decode

LONGEST = 20_000
"""Characters of a statement at most: a long press release; reading it takes a second or two."""


LONGEST_TITLE = 500
"""Characters of a title that are read."""


Admit = Callable[[str, str], None]
"""Raises RefusedError where a source may not say what a report of this id does; called with both, the source known."""


def anybody(_source: str, _report: str) -> None:
    """Admits every report."""


class Words(NamedTuple):
    """What a report in words comes to: claims, and items for the review. At least one of them."""

    claims: list[Claim]
    items: list[Item]


class WordReader:
    """Reads reports in words against a registry; `extractor` may propose further claims (see extract)."""

    def __init__(self, load: Callable[[], Reader], registry: Registry, extractor: Extractor | None = None) -> None:
        """`load`: gives the reader; called with the first report in words, because its tables take a moment."""
        self._load, self.registry, self.extractor = load, registry, extractor

    def take(
        self, raw: bytes, refused: RefusedError, now: float, limits: Limits | None = None, admit: Admit = anybody
    ) -> Words:
        """Read a report that `read_report` has refused with `refused` because it names no figure.

        `admit` is asked once it is known to be in words, before they are read: that takes longer than all the rest.

        Raises `refused` again when the report is not one in words: no `text`, or a flow, period or figure beside it.
        Raises RefusedError (no_claim) for words in which there is none, so that no report goes by unnoticed.
        """
        if refused.reason is not Reason.MISSING_FIELD or refused.field not in ("flow", "period", "people"):
            raise refused
        report = decode_told(raw)
        given = [getattr(report, name) for name in ("claims", "flow", "period", "people", "normal", "change_percent")]
        if any(one is not UNSET for one in given) or not isinstance(report.text, str):
            raise refused
        if len(report.text) > LONGEST:
            raise RefusedError(
                Reason.TOO_LARGE, "text", report.text, f"{len(report.text)} characters; at most {LONGEST}", report.id
            )
        admit(report.source, report.id)
        statement, claims = self._judged(report, now, limits)
        items = [make_item(report, one, statement.text, statement.language) for one in statement.doubtful]
        if not claims and not items:
            raise RefusedError(Reason.NO_CLAIM, "text", report.text, "no claim is found in these words", report.id)
        return Words(claims, items)

    def judged(self, report: Report, now: float, limits: Limits | None = None) -> Statement:
        """The statement of a report of a known source; what would be refused as a claim is doubted."""
        return self._judged(report, now, limits)[0]

    def _judged(self, report: Report, now: float, limits: Limits | None) -> tuple[Statement, list[Claim]]:
        statement = self._read(report)
        claims, passed, failed = self._checked(report, statement.certain, now, limits)
        found = sorted([*passed, *failed, *statement.doubtful], key=lambda one: one.quote)
        return msgspec.structs.replace(statement, found=found), claims

    def _read(self, report: Report) -> Statement:
        """The statement of a report whose source is in the registry, with what an extractor proposes."""
        body = report.text if isinstance(report.text, str) else ""
        head = _headline(report)
        text = head + body
        speaker = Speaker(self.registry.zones[report.source], self.registry.home(report.source))
        statement = _without_echoes(self._load().read(text, report.published, speaker), len(head))
        if self.extractor is None:
            return statement
        further = proposals(self.extractor(text, report.published, speaker), text, statement.found)
        return msgspec.structs.replace(statement, found=[*statement.found, *further])

    def _checked(
        self, report: Report, found: list[FoundClaim], now: float, limits: Limits | None
    ) -> tuple[list[Claim], list[FoundClaim], list[FoundClaim]]:
        """The claims that pass the checks of every report, as claims and as found, and those that do not.

        A claim said twice counts once; of two that contradict each other neither does.
        """
        taken: dict[tuple[object, ...], tuple[Claim, FoundClaim]] = {}
        doubtful: list[FoundClaim] = []
        against: set[tuple[object, ...]] = set()
        for one in found:
            try:
                claim = self._claim(report, one, now, limits)
            except RefusedError as error:
                doubtful.append(_doubted(one, Doubt.REFUSED, str(error)))
                continue
            held = taken.setdefault(claim.identity, (claim, one))
            if held[0].best != claim.best:
                against.add(claim.identity)
                doubtful.append(_doubted(one, Doubt.CONTRADICTION, f"also {held[1].claim.people} in this statement"))
        doubtful += [
            _doubted(taken[key][1], Doubt.CONTRADICTION, "another figure in this statement") for key in against
        ]
        good = [pair for key, pair in taken.items() if key not in against]
        return [claim for claim, _ in good], [one for _, one in good], doubtful

    def _claim(self, report: Report, found: FoundClaim, now: float, limits: Limits | None) -> Claim:
        """One claim as the checks of every report see it, with the grade its voice allows and the words that say so."""
        written = Report(id=report.id, source=report.source, published=report.published, claims=[found.claim])
        if report.url is not UNSET:
            written.url = report.url
        (claim,) = read_report(msgspec.json.encode(written), self.registry, now, limits)
        quote = found.claim.text if isinstance(found.claim.text, str) else None
        return msgspec.structs.replace(claim, grade=max(claim.grade, found.voice.grade), text=quote)


def _headline(report: Report) -> str:
    """The title of a report as the first sentence of its text; none where the text begins with it."""
    title = getattr(report, "title", UNSET)
    if not isinstance(title, str) or not title.strip() or not isinstance(report.text, str):
        return ""
    title = " ".join(title.split())[:LONGEST_TITLE]
    return "" if report.text.lstrip().startswith(title) else f"{title}\n\n"


def _without_echoes(statement: Statement, head: int) -> Statement:
    """A statement without those claims of its headline of which the text speaks itself, and more exactly."""
    spoken = {one.claim.flow for one in statement.found if one.quote.start >= head}
    kept = [one for one in statement.found if one.quote.start >= head or one.claim.flow not in spoken]
    return statement if len(kept) == len(statement.found) else msgspec.structs.replace(statement, found=kept)


def take(  # noqa: PLR0913, PLR0917 - what a report is judged by
    raw: bytes,
    registry: Registry,
    now: float,
    limits: Limits | None,
    words: WordReader | None,
    admit: Admit = anybody,
) -> list[Claim]:
    """The claims of a report, whether it is written in figures or, with a reader of words, in words.

    Raises RefusedError as `read_report` and `WordReader.take` do, and what `admit` raises.
    """
    try:
        claims = read_report(raw, registry, now, limits)
    except RefusedError as error:
        if words is None:
            raise
        return words.take(raw, error, now, limits, admit).claims
    admit(claims[0].source, claims[0].report)
    return claims


def _doubted(found: FoundClaim, doubt: Doubt, why: str) -> FoundClaim:
    return msgspec.structs.replace(
        found, doubts=(*found.doubts, doubt), confidence=round(found.confidence / 2, 3), why=why
    )
