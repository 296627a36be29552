from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from bordertally.streams.errors import BordertallyError
from bordertally.streams.flows import Flow
from bordertally.streams.replay.series_reports import Attribution, path_of, reports_of
from bordertally.streams.reports.validation import read_report
from unit.kit import NOW, REGISTRY, ordinal

DAY = ordinal("2022-09-21")


@pytest.mark.parametrize(
    ("name", "under", "path"),
    [
        ("RU:GE", None, "RU:GE"),
        ("Lo Wu", "CN:HK", "CN:HK:lo-wu"),
        ("Hong Kong-Zhuhai-Macao Bridge", "CN:HK", "CN:HK:hong-kong-zhuhai-macao-bridge"),
        ("GE: Verkhny Lars ", "RU", "RU:GE:verkhny-lars"),
    ],
)
def test_a_name_in_a_table_is_a_flow(name: str, under: str | None, path: str) -> None:
    assert path_of(name, under) == path


@pytest.mark.parametrize("name", ["Ост", "??", "XX:RU"])
def test_a_name_that_is_no_flow_is_quoted(name: str) -> None:
    with pytest.raises(BordertallyError) as error:
        path_of(name)
    assert name in str(error.value)


def test_a_report_a_day_is_published_when_the_day_is_over_everywhere() -> None:
    series = {Flow("RU:KZ"): {DAY: 10.4, DAY + 1: 20.0}, Flow("RU:GE"): {DAY: 7.0}}
    first, second = (msgspec.json.decode(raw) for raw in reports_of(series, Attribution("b")))
    assert (first["id"], first["published"]) == ("b-2022-09-21", "2022-09-22T12:00:00Z")
    assert [(claim["flow"], claim["people"]) for claim in first["claims"]] == [("RU:GE", 7), ("RU:KZ", 10)]
    assert (second["flow"], second["people"], second["qualifier"]) == ("RU:KZ", 20, "count")


def test_an_edition_has_ids_of_its_own_and_its_time_of_publication() -> None:
    at = datetime(2022, 10, 17, 8, tzinfo=UTC)
    (raw,) = reports_of({Flow("RU:KZ"): {DAY: 10.0}}, Attribution("b", "stated", at))
    report = msgspec.json.decode(raw)
    assert (report["id"], report["published"]) == ("b-2022-09-21-as-of-2022-10-17", "2022-10-17T08:00:00Z")
    (read,) = read_report(raw, REGISTRY, NOW)
    assert (read.best, read.qualifier, read.source) == (10, "stated", "b")
