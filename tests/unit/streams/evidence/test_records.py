from __future__ import annotations

import msgspec

from bordertally.streams.evidence.records import Evidence, Figure
from bordertally.streams.evidence.trace import trace
from bordertally.streams.replay.ledgers import kept_by
from unit.kit import claim, told


def test_evidence_is_written_with_from_and_survives() -> None:
    nothing = Evidence(
        flow="RU", from_="2022-09-21", to=None, figure=None, added_up=0, says=[], claims=[], counts=[], truncated=False
    )
    written = msgspec.to_builtins(nothing)
    assert written["from"] == "2022-09-21"
    assert "from_" not in written
    assert msgspec.convert(written, Evidence) == nothing


def test_a_claim_in_evidence_carries_what_its_source_said() -> None:
    outcome = told(claim(98_000, "2022-09-21/2022-09-28", id="kz", url="https://example.org/kz", text="98,000 came"))
    evidence = trace("RU:KZ", kept_by(outcome.desk), outcome.desk.names, None, None)
    (traced,) = evidence.claims
    assert (traced.report, traced.source, traced.grade, traced.people) == ("kz", "b", "B", 98_000)
    assert (traced.low, traced.best, traced.high) == (97_500, 98_000, 98_500)
    assert (traced.url, traced.text) == ("https://example.org/kz", "98,000 came")
    assert traced.period == "2022-09-21/2022-09-28"
    assert evidence.figure == Figure(97_500, 98_000, 98_500)
