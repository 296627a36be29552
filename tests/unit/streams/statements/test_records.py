"""What reading a statement gives."""

from __future__ import annotations

import pytest

from bordertally.streams.reports.records import ClaimFields
from bordertally.streams.statements.records import Doubt, FoundClaim, Span, Statement, Voice


def test_a_span_moves_with_its_sentence() -> None:
    assert Span(3, 7).moved(10) == Span(13, 17)


@pytest.mark.parametrize(("voice", "grade"), [(Voice.OWN, "A"), (Voice.MEDIA, "C"), (Voice.UNNAMED, "D")])
def test_the_voice_bounds_the_grade(voice: Voice, grade: str) -> None:
    assert voice.grade == grade


def test_a_claim_is_certain_without_doubts_only() -> None:
    sure = FoundClaim(claim=ClaimFields(people=1), quote=Span(0, 1), spans={}, confidence=1)
    unsure = FoundClaim(
        claim=ClaimFields(people=2), quote=Span(0, 1), spans={}, confidence=1, doubts=(Doubt.NO_PERIOD,)
    )
    statement = Statement("1 2", "en", [sure, unsure], [])
    assert statement.certain == [sure]
    assert statement.doubtful == [unsure]
