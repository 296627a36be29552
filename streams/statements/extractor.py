"""An extractor beside the rules, such as a language model; its proposals are checked, marked and reviewed.

None is built in and none runs by default. Whatever it says, it can only propose: each proposal must quote the text word
for word, its figures must stand in the quote, the claim must pass the checks of every report, and a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

import msgspec

from bordertally.streams.reports.records import ClaimFields
from bordertally.streams.statements.reader import Speaker
from bordertally.streams.statements.records import Doubt, FoundClaim, Span

CONFIDENCE = 0.3
"""What a proposal is worth on the review: less than anything the rules find."""


class Extractor(Protocol):
    """Proposes claims: objects with the fields of a claim, `text` a quote from the statement, word for word."""

    def __call__(self, text: str, published: datetime, speaker: Speaker) -> Iterable[dict[str, Any]]:
        """All claims found in a text. The caller handles the errors that this raises."""
        ...


def proposals(proposed: Iterable[dict[str, Any]], text: str, claims: Iterable[FoundClaim]) -> list[FoundClaim]:
    """The proposals that can be checked against the text and that the rules have not found.

    Left out: what is no object of a claim's fields, quotes nothing or not word for word, or whose figures do not stand
    in its quote. The rest carry the doubt `extracted`, and so go to a person.
    """
    known = {_figures(claim.claim) for claim in claims}
    good = []
    for proposal in proposed:
        try:
            claim = msgspec.convert(proposal, ClaimFields)
        except (msgspec.ValidationError, TypeError):
            continue
        quote = claim.text if isinstance(claim.text, str) else ""
        start = text.find(quote) if quote else -1
        figures = _figures(claim)
        if start < 0 or not figures or figures in known or not all(_stands_in(figure, quote) for figure in figures):
            continue
        span = Span(start, start + len(quote))
        doubts = (Doubt.EXTRACTED,)
        good.append(FoundClaim(claim=claim, quote=span, spans={}, confidence=CONFIDENCE, doubts=doubts))
    return good


def _figures(claim: ClaimFields) -> tuple[float, ...]:
    people = claim.people
    if isinstance(people, list):
        return tuple(people)
    return (float(people),) if isinstance(people, int | float) else ()


def _stands_in(figure: float, quote: str) -> bool:
    """Whether the digits of a figure are in a quote, as a whole or shortened ("98 thousand", "1.3 million")."""
    plain = "".join(sign for sign in quote if sign.isalnum())
    spelled = {f"{figure / size:g}".replace(".", "") for size in (1, 1_000, 1_000_000)} | {f"{figure:.0f}"}
    return any(spelling in plain for spelling in spelled)
