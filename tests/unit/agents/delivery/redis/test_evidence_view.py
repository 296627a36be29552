"""What the evidence keeps of a source beside its claims: how many of them are exact."""

from __future__ import annotations

from bordertally.agents.delivery.redis.evidence_view import _exact_claims
from unit.kit import claim


def test_claims_are_counted_by_source_and_those_that_are_exact() -> None:
    claims = [
        claim(61_357, qualifier="count"),
        claim(98_000, "2022-09-22", qualifier="stated"),  # known to 500, more than a thousandth
        claim(5_500, "2022-09-23", qualifier="about"),
        claim(None, "2022-09-24"),
        claim(7, "2022-09-25", qualifier="count", measure="queue"),
        claim(7, source="c", qualifier="count"),
    ]
    assert _exact_claims(claims) == {"b": (1, 3), "c": (1, 1)}
