from __future__ import annotations

import json
from typing import Any

import pytest

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.notices import NoticeKind, ReportNotice
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.reports.validation import Limits, claims_of, decode_report, read_report
from unit.kit import NOW, REGISTRY, claim, claims, report, take, told

DAY = {"flow": "RU:KZ", "period": "2022-09-21", "people": 1}
HEAD = {"id": "r1", "source": "b", "published": "2022-10-20T00:00:00Z"}


def many(*fields: object, **more: Any) -> bytes:
    """A report with several claims."""
    return json.dumps({**HEAD, "claims": fields, **more}).encode()


def figure(text: bytes) -> bytes:
    """A report whose `people` is some JSON text."""
    return report("@").replace(b'"@"', text)


@pytest.mark.parametrize(
    ("raw", "reason", "field", "value"),
    [
        # not JSON, or not an object
        (b"", Reason.NOT_JSON, "$", ""),
        (b'{"id":', Reason.NOT_JSON, "$", '{"id":'),
        (b"\xff\xfe{}", Reason.NOT_JSON, "$", "��{}"),
        (b"{}", Reason.MISSING_FIELD, "id", "null"),
        (b"[]", Reason.WRONG_TYPE, "$", "[]"),
        (b"null", Reason.WRONG_TYPE, "$", "null"),
        (b'"x"', Reason.WRONG_TYPE, "$", "x"),
        (b"[" * 100_000, Reason.TOO_DEEP, "$", "[" * 79 + "…"),
        (figure(b"[" * 50_000 + b"]" * 50_000), Reason.TOO_DEEP, "$", report("@").decode()[:79] + "…"),
        (report(1, text="x" * 10_000_000), Reason.TOO_LARGE, "$", report(1).decode()[:79] + "…"),
        (report(1, id="@").replace(b'"@"', b'"\\ud800"'), Reason.NOT_JSON, "$", None),
        (report(1, id="@").replace(b"@", b"\xff"), Reason.NOT_JSON, "$", None),
        # people
        (figure(b"NaN"), Reason.BAD_NUMBER, "people", "NaN"),
        (figure(b"-Infinity"), Reason.BAD_NUMBER, "people", "-Infinity"),
        (figure(b"1e400"), Reason.BAD_NUMBER, "people", "Infinity"),
        (figure(b"1" + b"0" * 5000), Reason.BAD_NUMBER, "people", "Infinity"),
        (report(10**30), Reason.PEOPLE_OUT_OF_RANGE, "people", "1" + "0" * 30),
        (report(-5), Reason.PEOPLE_OUT_OF_RANGE, "people", "-5"),
        (report(1_000_000_001), Reason.PEOPLE_OUT_OF_RANGE, "people", "1000000001"),
        (report(True), Reason.WRONG_TYPE, "people", "true"),
        (report("many"), Reason.WRONG_TYPE, "people", "many"),
        (report({}), Reason.WRONG_TYPE, "people", "{}"),
        (report([1]), Reason.PEOPLE_OUT_OF_RANGE, "people", "[1]"),
        (report([1, 2, 3]), Reason.PEOPLE_OUT_OF_RANGE, "people", "[1, 2, 3]"),
        (report([5, 1]), Reason.PEOPLE_OUT_OF_RANGE, "people", "[5, 1]"),
        (report([-5, 1]), Reason.PEOPLE_OUT_OF_RANGE, "people", "[-5, 1]"),
        (report(["a", 1]), Reason.WRONG_TYPE, "people[0]", "a"),
        # periods and times
        (report(1, "2022-09-28/2022-09-21"), Reason.BAD_PERIOD, "period", "2022-09-28/2022-09-21"),
        (report(1, "last week"), Reason.BAD_PERIOD, "period", "last week"),
        (report(1).replace(b'"2022-09-21"', b"5"), Reason.WRONG_TYPE, "period", "5"),
        (report(1, "2010-01-01/P4001D"), Reason.PERIOD_TOO_LONG, "period", "2010-01-01/P4001D"),
        (report(1, "2022-10-20/P3D"), Reason.PERIOD_IN_FUTURE, "period", "2022-10-20/P3D"),
        (
            report(1, published="2040-01-01T00:00:00Z"),
            Reason.PUBLISHED_IN_FUTURE,
            "published",
            "2040-01-01T00:00:00+00:00",
        ),
        (report(1, published="2022-10-20T00:00:00"), Reason.BAD_TIME, "published", "2022-10-20T00:00:00"),
        (report(1, published="yesterday"), Reason.BAD_TIME, "published", "yesterday"),
        (report(1, published=5), Reason.WRONG_TYPE, "published", "5"),
        # who and where
        (report(1, source="who"), Reason.UNKNOWN_SOURCE, "source", "who"),
        (report(1, flow="KZ:RU", source="d"), Reason.FLOW_NOT_ALLOWED, "flow", "KZ:RU"),
        (report(1, flow="RU:XX"), Reason.UNKNOWN_COUNTRY, "flow", "RU:XX"),
        (report(1, flow="ru:kz"), Reason.BAD_FLOW, "flow", "ru:kz"),
        (report(1, id=""), Reason.BAD_VALUE, "id", ""),
        # the rest
        (report(1, qualifier="maybe"), Reason.BAD_VALUE, "qualifier", "maybe"),
        (report(1, unit="cows"), Reason.BAD_VALUE, "unit", "cows"),
        (report(1, measure="rumour"), Reason.BAD_VALUE, "measure", "rumour"),
        (report(1, population="Men"), Reason.BAD_VALUE, "population", "Men"),
        (report(1, population="citizens:XX"), Reason.BAD_VALUE, "population", "citizens:XX"),
        (report(1, per="week"), Reason.BAD_VALUE, "per", "week"),
        (report(1, change_percent=-100), Reason.BAD_VALUE, "change_percent", "-100"),
        (report(1, change_percent=1e7), Reason.BAD_VALUE, "change_percent", "10000000"),
        (report(1, normal={"daily": 0}), Reason.PEOPLE_OUT_OF_RANGE, "normal.daily", "0"),
        (report(1, normal={}), Reason.MISSING_FIELD, "normal.daily", "null"),
        (report(1, normal=5), Reason.WRONG_TYPE, "normal", "5"),
        (
            report(1, "2022-09-26T10:00Z/PT1H", normal={"daily": 5}),
            Reason.BAD_VALUE,
            "normal",
            "2022-09-26T10:00Z/PT1H",
        ),
        # several claims
        (many(), Reason.BAD_VALUE, "claims", "[]"),
        (many(DAY, people=3), Reason.BAD_VALUE, "people", "3"),
        (many(DAY, {**DAY, "people": -1}), Reason.PEOPLE_OUT_OF_RANGE, "claims[1].people", "-1"),
        (many(DAY, {**DAY, "period": "x"}), Reason.BAD_PERIOD, "claims[1].period", "x"),
        (many(DAY, {"flow": "RU"}), Reason.MISSING_FIELD, "claims[1].period", "null"),
        (many(DAY, "x"), Reason.WRONG_TYPE, "claims[1]", "x"),
        (many(DAY, {**DAY, "period": "2022-09-21/P1D"}), Reason.DUPLICATE_CLAIM, "claims[1]", "RU:KZ 2022-09-21/P1D"),
    ],
)
def test_bad_input_is_refused_with_reason_field_and_value(
    raw: bytes, reason: Reason, field: str, value: str | None
) -> None:
    with pytest.raises(RefusedError) as caught:
        read_report(raw, REGISTRY, NOW)
    error = caught.value
    assert (error.reason, error.field) == (reason, field)
    assert value is None or error.value == value
    assert str(error).startswith(f"{field}: ")


def test_a_refusal_names_the_report_where_it_can_be_read() -> None:
    for raw, name in [(report(-1), "r1"), (report(1, source="who"), "r1"), (figure(b"NaN"), "r1"), (b"{}", None)]:
        with pytest.raises(RefusedError) as caught:
            read_report(raw, REGISTRY, NOW)
        assert caught.value.report == name


def test_unknown_fields_are_no_reason_to_refuse() -> None:
    assert claim(5, colour="blue") == claim(5)


@pytest.mark.parametrize(
    ("population", "hint"),
    [
        ("citizens:UK", "; did you mean GB?"),
        ("citizens:EL", "; did you mean GR?"),
        ("citizens:RUS", "; did you mean RU?"),
        ("citizens:ru", "; did you mean RU?"),
        ("citizens:QQ", "ISO 3166-1"),
        ("Men", "citizens:RU"),
    ],
)
def test_an_error_about_a_population_says_which_country_may_be_meant(population: str, hint: str) -> None:
    with pytest.raises(RefusedError) as caught:
        claim(5, population=population)
    assert caught.value.why.endswith(hint)


def test_fields_beside_the_claims_are_defaults_for_each() -> None:
    one, two = read_report(
        many({"people": 1}, {"people": 2, "flow": "RU:GE"}, flow="RU:KZ", period="2022-09-21", qualifier="count"),
        REGISTRY,
        NOW,
    )
    assert (one.flow, two.flow) == ("RU:KZ", "RU:GE")
    assert one.qualifier == two.qualifier == "count"


def test_a_count_published_before_its_period_has_ended_is_at_least() -> None:
    early = claim(0, "2022-09-21", qualifier="count", published="2022-09-21T18:00:00Z")
    assert (early.qualifier, early.low, early.high) == ("at_least", 0, None)
    assert claim(0, "2022-09-21", qualifier="count", published="2022-09-22T00:00:00Z").qualifier == "count"


@pytest.mark.parametrize("qualifier", ["count", "stated", "about", "nearly", "more_than", "at_least"])
def test_a_figure_of_one_day_published_before_the_day_is_over_is_at_least(qualifier: str) -> None:
    early = claim(1_200, "2022-09-21", qualifier=qualifier, published="2022-09-21T23:59:59Z")
    assert (early.qualifier, early.low, early.best, early.high) == ("at_least", 1_200, 1_200, None)
    late = claim(1_200, "2022-09-21", qualifier=qualifier, published="2022-09-22T00:00:00Z")
    assert late.qualifier == qualifier


def test_at_most_so_far_says_nothing_of_the_whole_day() -> None:
    early = claim(1_200, "2022-09-21", qualifier="at_most", published="2022-09-21T18:00:00Z")
    assert (early.qualifier, early.low, early.best, early.high) == ("at_least", 0, 0, None)


def test_a_range_so_far_is_at_least_its_low_end() -> None:
    early = claim([1_000, 1_400], "2022-09-21", published="2022-09-21T18:00:00Z")
    assert (early.qualifier, early.low, early.best, early.high) == ("at_least", 1_000, 1_200, None)


@pytest.mark.parametrize(
    ("period", "more", "qualifier"),
    [
        ("2022-09-21", {"per": "day"}, "about"),  # a rate is no figure so far
        ("2022-09-21", {"measure": "queue"}, "about"),  # nor is a queue, which is what it is at once
        ("2022-09-21", {"measure": "refused"}, "at_least"),
        ("2022-09-19/2022-09-22", {}, "about"),  # nor are three days one day
        ("2022-09-21T06:00Z/PT12H", {}, "about"),
        ("2022-09-21T06:00Z/PT24H", {}, "at_least"),  # one day that begins at another hour
        ("2022-09-20T18:00Z/PT24H", {}, "about"),  # over at 18:00
    ],
)
def test_which_figures_speak_of_a_day_so_far(period: str, more: dict[str, Any], qualifier: str) -> None:
    assert claim(900, period, qualifier="about", published="2022-09-21T18:00:00Z", **more).qualifier == qualifier


@pytest.mark.parametrize(
    ("published", "period", "qualifier"),
    [
        ("2022-09-20T18:00:00Z", "2022-09-21", "stated"),  # 00:00 in Almaty (UTC+6) of the day itself: a bare date
        ("2022-09-20T18:00:01Z", "2022-09-21", "at_least"),
        ("2022-09-21T00:00:00Z", "2022-09-21", "at_least"),  # midnight elsewhere
        ("2022-09-21T18:00:00Z", "2022-09-21", "stated"),
    ],
)
def test_a_published_at_midnight_of_the_day_itself_is_a_bare_date(published: str, period: str, qualifier: str) -> None:
    assert claim(900, period, source="almaty", published=published).qualifier == qualifier


def test_a_bare_date_is_no_date_too_early_on_a_day_of_25_hours() -> None:
    day = claim(900, "2022-10-30", "RU:EU:FI", "warsaw", qualifier="count", published="2022-10-29T22:00:00Z")
    assert day.qualifier == "count"


def test_a_bare_date_counts_as_the_end_of_the_last_day_of_a_count_of_several() -> None:
    week = "2022-09-15/2022-09-22"
    assert claim(900, week, source="almaty", qualifier="count", published="2022-09-20T18:00:00Z").qualifier == "count"
    early = claim(900, week, source="almaty", qualifier="count", published="2022-09-20T19:00:00Z")
    assert early.qualifier == "at_least"


def test_a_figure_that_became_at_least_is_told_and_one_that_was_is_not() -> None:
    notices = list[ReportNotice]()
    for fields in ({}, {"qualifier": "at_least"}, {"per": "day"}, {"published": "2022-09-22T00:00:00Z"}):
        raw = report(5, "2022-09-21", **{"published": "2022-09-21T18:00:00Z", **fields})
        claims_of(decode_report(raw, Limits()), REGISTRY, NOW, Limits(), notices.append)
    assert [(notice.kind, notice.field) for notice in notices] == [(NoticeKind.UNFINISHED_PERIOD, "people")]


def test_whom_a_source_quotes_is_part_of_what_its_claim_is() -> None:
    quoted, own = claim(5, attributed_to="interior-ministry"), claim(5)
    assert (quoted.attributed_to, quoted.origin, own.attributed_to, own.origin) == (
        *("interior-ministry", "interior-ministry"),
        *(None, None),
    )
    assert quoted.identity != own.identity
    assert claim(5, attributed_to="a").origin == "a"
    for nobody in ("b", None):  # itself, or nobody
        assert claim(5, attributed_to=nobody) == own


@pytest.mark.parametrize(
    ("more", "field", "why"),
    [
        ({"attributed_to": "Interior Ministry"}, "attributed_to", "write a source of the registry, or a slug"),
        ({"attributed_to": ""}, "attributed_to", "write a source of the registry, or a slug"),
        ({"attributed_to": "a", "period": "2022-09-26T10:00Z/PT1H"}, "attributed_to", "needs a period of at least"),
    ],
)
def test_a_wrong_attribution_is_refused(more: dict[str, Any], field: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why) as caught:
        claim(5, **more)
    assert caught.value.field == field


def test_a_reading_of_a_source_that_relays_another_keeps_the_origin() -> None:
    registry = parse_registry(
        """
        [sources.counter]
        name = "Counter"
        flows = ["RU"]
        grade = "A"
        [sources.site]
        name = "Site"
        flows = ["RU"]
        grade = "B"
        relays = "counter"
        """,
        "r",
    )
    sorter = Sorter(registry, Limits(), 1)
    for hour in range(3):
        raw = report(5, f"2022-09-26T{hour:02d}:00Z/PT1H", source="site", qualifier="count", id=f"r{hour}")
        take(sorter, raw, NOW)
    ((_, message),) = sorter.messages()
    (group,) = message.readings
    assert (group.count, group.columns.origins) == (3, "counter")


def test_a_figure_of_a_doubtful_hour_is_at_least_and_its_time_is_named() -> None:
    notices = list[ReportNotice]()
    raw = report(5, "2022-10-30T02:00/PT1H", "RU:EU:FI", "warsaw", published="2022-11-01T00:00:00Z", qualifier="count")
    (reading,) = claims_of(decode_report(raw, Limits()), REGISTRY, NOW, Limits(), notices.append)
    assert (reading.low, reading.best, reading.high) == (5, 5, None)
    assert [(notice.kind, notice.field) for notice in notices] == [(NoticeKind.DOUBTFUL_TIME, "period")]
    assert "2022-10-30T02:00 does not exist or exists twice in Europe/Warsaw" in notices[0].why


@pytest.mark.parametrize("apart", [False, True])
def test_readings_of_an_hour_that_is_shown_twice_do_not_replace_each_other(*, apart: bool) -> None:
    """Of 24 hours and one shown twice, 5 and 7 people in the two passes, 1 in each other hour: at least 23 + 7."""
    hours = [*range(3), 2, *range(3, 24)]
    people = [1, 1, 5, 7, *([1] * 21)]
    head = {"source": "warsaw", "published": "2022-11-01T00:00:00Z", "flow": "RU:EU:FI", "qualifier": "count"}
    fields = [
        {"period": f"2022-10-30T{hour:02d}:00/PT1H", "people": figure}
        for hour, figure in zip(hours, people, strict=True)
    ]
    documents = (
        [{**head, "id": f"r{place}", **each} for place, each in enumerate(fields)]
        if apart
        else [{**head, "id": "r", "claims": fields}]
    )
    read = [one for document in documents for one in read_report(json.dumps(document).encode(), REGISTRY, NOW)]
    for order in (read, read[::-1]):
        assert told(order).days("RU:EU:FI") == {"2022-10-30": (30, 30, None)}


def test_a_daily_rate_is_multiplied_by_its_days() -> None:
    one = claim(10_000, "2022-09-21/P7D", per="day", qualifier="about")
    assert (one.low, one.best, one.high) == (63_000, 70_000, 77_000)


def test_a_range_is_best_in_its_middle() -> None:
    assert claim([5000, 6000]).best == 5500


def test_null_withdraws() -> None:
    assert claim(None).best is None


def test_no_qualifier_means_stated() -> None:
    assert claim(98_000).low == 97_500


def test_the_zone_of_the_source_places_bare_dates() -> None:
    assert claim(1, source="almaty").start == claim(1).start - 6 * 3600


def test_members_of_a_bloc_are_filed_inside_it() -> None:
    assert claim(1, flow="RU:FI").flow == "RU:EU:FI"


def test_two_spellings_of_one_period_are_one_identity() -> None:
    assert claim(1, "P1D/2022-09-22").identity == claim(2, "2022-09-21", id="r2").identity


def test_what_is_measured_is_part_of_the_identity() -> None:
    assert claim(57, measure="refused").identity != claim(57).identity
    assert len(claims(57)) == 1
