"""What another extractor proposes is checked against the text."""

from __future__ import annotations

import pytest

from bordertally.streams.reports.records import ClaimFields
from bordertally.streams.statements.extractor import CONFIDENCE, proposals
from bordertally.streams.statements.records import Doubt, FoundClaim, Span

TEXT = "Officials speak of 98 thousand new arrivals."


def proposal(**changes: object) -> dict[str, object]:
    return {"flow": "RU:KZ", "period": "2022-09-26", "people": 98_000, "text": "98 thousand new arrivals"} | changes


def test_a_proposal_that_quotes_the_text_waits_for_a_person() -> None:
    (proposed,) = proposals([proposal()], TEXT, [])
    assert proposed.doubts == (Doubt.EXTRACTED,)
    assert proposed.quote == Span(19, 43)
    assert proposed.confidence == CONFIDENCE


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "98 thousand people"},
        {"text": ""},
        {"people": 97_000},
        {"people": None},
        {"people": "many"},
        {"people": [90_000, 98_000]},
    ],
)
def test_what_the_text_does_not_say_is_dropped(changes: dict[str, object]) -> None:
    assert proposals([proposal(**changes)], TEXT, []) == []


def test_what_the_rules_found_already_is_dropped() -> None:
    known = FoundClaim(claim=ClaimFields(people=98_000), quote=Span(0, 1), spans={}, confidence=1)
    assert proposals([proposal()], TEXT, [known]) == []
