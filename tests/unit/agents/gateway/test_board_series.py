"""The figures of a flow along time, as the charts of the board draw them; and how a flow moved since the day before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from unit.agents.gateway.node import run_steps

DAYS = [{"day": f"2022-09-{day}", "low": best - 1, "best": best, "high": None} for day, best in ((21, 100), (22, 140))]
CALENDAR = [
    {"period": "2022-W38", "low": 70, "best": 140, "high": 210, "covered_days": 7},  # 19 to 25 September
    {"period": "2022-W37", "low": 50, "best": 100, "high": None, "covered_days": 5},
    {"period": "2022-09", "low": 300, "best": 3000, "high": 6000, "covered_days": 30},
    {"period": "2022-08", "low": 31, "best": 310, "high": 620, "covered_days": 31},
    {"period": "2022", "low": 1, "best": 1, "high": 1, "covered_days": 1},
]
STEPS = """
import { calendarSpan, shifted, stepAt, steps, ticks, within } from "./flow/series.js";
import { direction, sameParts, trendOf, trendWords } from "./shared/trend.js";
const iso = (ms) => new Date(ms).toISOString().slice(0, 10);
const told = (some) => some.map((step) => [iso(step.from), iso(step.to), step.low, step.best, step.high, step.kind]);
"""


def run(tmp_path: Path, code: str, given: object = None) -> Any:
    return run_steps(tmp_path, f"{STEPS}console.log(JSON.stringify({code}));", msgspec.json.encode(given).decode())


def test_older_days_are_means_of_weeks_and_months_that_cover_no_day_twice(tmp_path: Path) -> None:
    given = {"days": DAYS, "calendar": CALENDAR}
    assert run(tmp_path, "told(steps(given.days, given.calendar))", given) == [
        ["2022-08-01", "2022-09-01", 1, 10, 20, "month"],
        ["2022-09-01", "2022-09-12", 10, 100, 200, "month"],  # up to the first week
        ["2022-09-12", "2022-09-19", 10, 20, None, "week"],
        ["2022-09-19", "2022-09-21", 10, 20, 30, "week"],  # up to the first day
        ["2022-09-21", "2022-09-22", 99, 100, None, "day"],
        ["2022-09-22", "2022-09-23", 139, 140, None, "day"],
    ]


def test_a_mean_whose_days_are_drawn_already_is_left_out(tmp_path: Path) -> None:
    week = {"period": "2022-W38", "low": 100, "best": 240, "high": 300, "covered_days": 2}
    given = {"days": DAYS, "calendar": [week, {**week, "period": "2022-09"}]}
    assert [step[5] for step in run(tmp_path, "told(steps(given.days, given.calendar))", given)] == ["day", "day"]
    known = {"days": DAYS, "calendar": [{**week, "covered_days": 3}]}
    code = "(({ period, covered, length }) => [period, covered, length])(steps(given.days, given.calendar)[0])"
    assert run(tmp_path, code, known) == ["2022-W38", 3, 7]


def test_weeks_are_those_of_iso_8601(tmp_path: Path) -> None:
    code = "given.map((name) => { const span = calendarSpan(name); return span && [iso(span.from), iso(span.to)]; })"
    assert run(tmp_path, code, ["2022-W01", "2021-W01", "2020-W53", "2024-02", "2022"]) == [
        ["2022-01-03", "2022-01-10"],
        ["2021-01-04", "2021-01-11"],
        ["2020-12-28", "2021-01-04"],
        ["2024-02-01", "2024-03-01"],
        None,
    ]


def test_a_year_before_is_the_same_weekday_and_a_range_is_cut(tmp_path: Path) -> None:
    given = {"days": DAYS}
    assert run(tmp_path, "told(shifted(steps(given.days), 364))[0].slice(0, 2)", given) == ["2023-09-20", "2023-09-21"]
    cut = "told(within(steps(given.days), Date.UTC(2022, 8, 22), Date.UTC(2022, 8, 30)))"
    assert [step[0] for step in run(tmp_path, cut, given)] == ["2022-09-22"]
    at = "[stepAt(steps(given.days), Date.UTC(2022, 8, 21, 5)).best, stepAt(steps(given.days), Date.UTC(2022, 8, 23))]"
    assert run(tmp_path, at, given) == [100, None]


def test_an_axis_has_round_marks_from_zero(tmp_path: Path) -> None:
    assert run(tmp_path, "given.map((top) => ticks(top))", [1, 10_000, 9, 37_000]) == [
        [0, 1],
        [0, 2000, 4000, 6000, 8000, 10_000],
        [0, 2, 4, 6, 8, 10],
        [0, 10_000, 20_000, 30_000, 40_000],
    ]


def test_the_newest_day_is_compared_with_the_day_before_it(tmp_path: Path) -> None:
    code = "given.map((days) => { const t = trendOf(days); return t && [t.change, direction(t), trendWords(t)]; })"
    one, two = DAYS
    gap = {**two, "day": "2022-09-23"}
    assert run(
        tmp_path,
        code,
        [
            DAYS,
            [one, {**two, "best": 99}],
            [one, {**two, "best": 75}],
            [one, gap],
            [one],
            [],
            [one, {**two, "best": 100}],
        ],
    ) == [
        [40, "up", "+40 (+40\u00a0%) since 21 Sep"],
        [-1, "steady", "\N{MINUS SIGN}1 (\N{MINUS SIGN}1\u00a0%) since 21 Sep"],
        [-25, "down", "\N{MINUS SIGN}25 (\N{MINUS SIGN}25\u00a0%) since 21 Sep"],
        None,  # the day between is not known
        None,
        None,
        [0, "steady", "unchanged since 21 Sep"],
    ]


def test_days_are_compared_only_where_the_same_parts_report(tmp_path: Path) -> None:
    code = "given.parts.map((parts) => sameParts(trendOf(given.days), parts))"
    silent = {**DAYS[0], "day": "2022-09-20"}
    parts = [[DAYS, DAYS], [DAYS, [silent]], [DAYS, DAYS[:1]], [DAYS[1:], DAYS]]
    assert run(tmp_path, code, {"days": DAYS, "parts": parts}) == [True, True, False, False]


def test_the_pages_of_a_table_are_one_table(tmp_path: Path) -> None:
    steps = """
    import { wholeTable } from "./flow/tables.js";
    const asked = [];
    const ask = async (url) => { asked.push(String(url)); return given[asked.length - 1]; };
    const table = await wholeTable(new URL("http://a/v1/flows?hxl=1"), ask);
    console.log(JSON.stringify([table, asked]));
    """
    pages = [
        {"text": "flow,rate\r\n#loc,#rate\r\nRU,1\r\n", "link": '<?hxl=1&after=RU>; rel="next"'},
        {"text": "flow,rate\r\n#loc,#rate\r\nUA,2\r\n", "link": None},
    ]
    assert run_steps(tmp_path, steps, msgspec.json.encode(pages).decode()) == [
        "flow,rate\r\n#loc,#rate\r\nRU,1\r\nUA,2\r\n",
        ["http://a/v1/flows?hxl=1", "http://a/v1/flows?hxl=1&after=RU"],
    ]
