from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bordertally.streams.imports import parts
from bordertally.streams.imports.calendar_periods import DaySpan
from bordertally.streams.imports.parts import ImportClaim, PartsSeen, ReportParts, all_claims
from bordertally.streams.imports.series import SeriesKey
from bordertally.streams.ledger.versions import Outcome, outcome_of
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.reports.validation import read_report
from unit.kit import NOW, ordinal
from unit.streams.imports.kit import imported, plain

DAY = ordinal("2023-05-01")
AT = datetime(2023, 6, 1, tzinfo=UTC)


def claim(day: int, people: int | None = 5, published: datetime = AT, flow: str = "BR:UY") -> ImportClaim:
    key = SeriesKey(flow, "people", "people", "crossings")
    return ImportClaim(key, Qualifier.COUNT, None, DaySpan(DAY + day, DAY + day + 1), people, published)


def made(claims: list[ImportClaim]) -> list[dict[str, object]]:
    return [json.loads(raw) for raw in ReportParts(lambda: claims, "police")]


def test_a_report_says_which_part_it_is() -> None:
    (report,) = made([claim(0), claim(1, None)])
    assert report == {
        "id": report["id"],
        "source": "police",
        "published": "2023-06-01T00:00:00Z",
        "claims": [
            {"flow": "BR:UY", "period": "2023-05-01", "people": 5, "qualifier": "count"},
            {"flow": "BR:UY", "period": "2023-05-02", "people": None, "qualifier": "count"},
        ],
    }
    assert str(report["id"]).startswith("police-import-")
    assert str(report["id"]).endswith("-part-1-of-1")
    assert made([]) == []


def test_the_same_claims_have_the_same_ids_whenever_they_are_published() -> None:
    (first,), (second,), (third,) = made([claim(0)]), made([claim(0, published=AT.replace(day=2))]), made([claim(0, 6)])
    assert first["id"] == second["id"] != third["id"]


def test_history_says_so_in_every_report_and_gives_way_to_the_same_claims_as_news() -> None:
    (news,), (history,) = (
        made([claim(0)]),
        [json.loads(raw) for raw in ReportParts(lambda: [claim(0)], "police", historic=True)],
    )
    assert history == {**news, "id": str(news["id"]).replace("-import-", "-history-"), "historic": True}
    registry = parse_registry('[sources.police]\nname = "x"\nflows = ["*"]\ngrade = "A"\n', "sources.toml")
    (as_history,), (as_news,) = (read_report(json.dumps(report).encode(), registry, NOW) for report in (history, news))
    assert (as_history.historic, as_news.historic) == (True, False)
    assert outcome_of(as_news, as_history) is Outcome.CORRECTION
    assert outcome_of(as_history, as_news) is Outcome.STALE


def test_parts_are_cut_by_claims_by_bytes_and_by_publication(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_CLAIMS", 3)
    reports = made([claim(day) for day in range(7)])
    assert [len(report["claims"]) for report in reports] == [3, 3, 1]  # type: ignore[arg-type]
    assert [str(report["id"]).rpartition("-part-")[2] for report in reports] == ["1-of-3", "2-of-3", "3-of-3"]
    assert len(made([claim(0), claim(1, published=AT.replace(day=2))])) == 2
    monkeypatch.setattr(parts, "MOST_BYTES", 250)
    assert len(made([claim(0), claim(1), claim(2)])) == 2


def test_a_part_of_the_longest_flows_is_accepted_by_its_size() -> None:
    flow = "BR:UY:" + "x" * 64
    largest = max(len(raw) for raw in ReportParts(lambda: [claim(day, 10**9, AT, flow) for day in range(3000)], "p"))
    assert 140_000 < largest < 262_144


def test_fields_that_are_usual_are_left_out() -> None:
    importer = imported(
        plain(claims='population = "men"\nunit = "vehicles"\nmeasure = "queue"\nper = "day"\nqualifier = "about"'),
        ("Day", "Gate", "In"),
        ("2023-05-01", "North", "2.5"),
    )
    (report,) = (json.loads(raw) for raw in ReportParts(lambda: all_claims(importer.series), "police"))
    assert report["claims"] == [
        {"flow": "BR:UY:north", "period": "2023-05-01", "people": 2.5, "qualifier": "about"}
        | {"population": "men", "unit": "vehicles", "measure": "queue", "per": "day"}
    ]


def test_an_interrupted_import_is_seen_by_its_missing_parts() -> None:
    seen = PartsSeen()
    for report in ("kz-1", "a-part-1-of-2", *(f"x-import-00c0ffee-part-{number}-of-5" for number in (2, 4))):
        seen.add(report)
    why = "x-import-00c0ffee: of 5 parts these are missing: 1, 3, 5; repeat the import as a whole"
    assert list(seen.warnings()) == [why]
    for raw in ReportParts(lambda: [claim(day) for day in range(2_500)], "police", historic=True):
        seen.add(json.loads(raw)["id"])
    assert list(seen.warnings()) == [why]
    seen.add("x-import-00c0ffee-part-1-of-2000")
    assert next(iter(list(seen.warnings())[1:])).endswith("8, 9, 10, 11 and 1,989 more; repeat the import as a whole")
