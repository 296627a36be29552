from __future__ import annotations

from datetime import date, datetime

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.imports.calendar_periods import PeriodReader, cell_text, written
from bordertally.streams.imports.figures import BadCellError, Cell
from bordertally.streams.imports.mapping import PeriodColumns, PeriodUnit


def reader(unit: str, form: str | list[str] = "", **more: object) -> PeriodReader:
    return PeriodReader(PeriodColumns("x", PeriodUnit(unit), form, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit", "form", "text", "period"),
    [
        ("day", "", "2023-02-28", "2023-02-28"),
        ("day", "%d/%m/%y", "1/3/23", "2023-03-01"),
        ("day", "%d %B %Y", "9 Sept. 2022", "2022-09-09"),
        ("month", "", "2021-12", "2021-12-01/2022-01-01"),
        ("month", "%b %Y", "Dec  2021", "2021-12-01/2022-01-01"),
        ("month", "%b%Y", "JAN2009", "2009-01-01/2009-02-01"),
        ("month", "%m/%d/%Y %I:%M:%S %p", "03/01/2019 12:00:00 AM", "2019-03-01/2019-04-01"),
        ("month", "%d.%m.%Y", "31.01.2022", "2022-01-01/2022-02-01"),
        ("month", "%Y %m月", "2016 2月", "2016-02-01/2016-03-01"),
        ("quarter", "%Y Q%q", "2020 Q4", "2020-10-01/2021-01-01"),
        ("quarter", "%b %Y", "Jul 2020", "2020-07-01/2020-10-01"),
        ("year", "", "2022", "2022-01-01/2023-01-01"),
        ("week", "", "2020-W53", "2020-12-28/2021-01-04"),
        ("week", "", "2023-02-05", "2023-02-05/2023-02-12"),
        ("year-ending", "", "2023-06", "2022-07-01/2023-07-01"),
        ("year-ending", "YE %b %y", "YE Dec 22", "2022-01-01/2023-01-01"),
        ("day", "%N", "45047", "2023-05-01"),
        ("month", "%N", "45047.0", "2023-05-01/2023-06-01"),
        ("week", "%G %V (%V)", "2023 05 (05)", "2023-01-30/2023-02-06"),
    ],
)
def test_a_text_names_a_whole_period(unit: str, form: str, text: str, period: str) -> None:
    assert reader(unit, form).read([text]).text() == period


@pytest.mark.parametrize(
    ("unit", "form", "says"),
    [
        ("month", "%b", "%b does not fix a month: it lacks %Y \\(the year\\)"),
        ("day", "%b %Y", "does not fix a day: it lacks %d \\(the day\\)"),
        ("quarter", "Q%q", "does not fix a quarter: it lacks %Y"),
        ("year", "%d", "does not fix a year: it lacks %Y"),
        ("day", "%Y-%Q-%d", "%Q in %Y-%Q-%d is unknown"),
    ],
)
def test_a_format_that_does_not_fix_the_unit_is_refused_by_name(unit: str, form: str, says: str) -> None:
    with pytest.raises(ConfigError, match=f"period.format: .*{says}"):
        reader(unit, form)


@pytest.mark.parametrize(
    ("unit", "form", "text", "says"),
    [
        ("day", "", "2023-02-30", "there is no such date: day is out of range for month"),
        ("day", "", "30.02.2023", "this is no day of the form %Y-%m-%d; set period.format"),
        ("day", "%Y-%m-%d %H:%M", "2023-02-01 07:30", "the time of day is not midnight"),
        ("month", "%d.%m.%Y", "17.03.2022", "this day is inside a month; set unit = 'day'"),
        ("quarter", "%m/%Y", "02/2022", "no quarter begins with month 2"),
        ("week", "", "2021-W53", "there is no such date"),
        ("year", "%d.%m.%Y", "05.05.2021", "inside a year"),
        ("day", ["%d/%m/%Y", "%m/%d/%Y"], "03/04/2022", "two formats read it differently: 2022-03-04 and 2022-04-03"),
        ("year", "", "9999", "there is no such date: after the calendar"),
    ],
)
def test_a_text_that_names_no_period_says_why(unit: str, form: str, text: str, says: str) -> None:
    periods = reader(unit, form)
    for _ in range(2):  # the second time from memory
        with pytest.raises(BadCellError, match=says):
            periods.read([text])


def test_a_fiscal_year_is_named_after_the_year_in_which_it_ends() -> None:
    months = reader("month", "%Y %b", fiscal_year_starts=10)
    assert months.read(["2023", "DEC"]).text() == "2022-12-01/2023-01-01"
    assert months.read(["2023", "SEP"]).text() == "2023-09-01/2023-10-01"
    assert reader("year", fiscal_year_starts=10).read(["2023"]).text() == "2022-10-01/2023-10-01"
    assert reader("quarter", fiscal_year_starts=10).read(["2023-Q1"]).text() == "2022-10-01/2023-01-01"
    assert reader("quarter", fiscal_year_starts=10).read(["2023-Q4"]).text() == "2023-07-01/2023-10-01"
    assert reader("year", fiscal_year_starts=4).read(["2020"]).text() == "2019-04-01/2020-04-01"


def test_cumulative_figures_begin_on_one_day() -> None:
    since = reader("since", since=date(2022, 2, 24))
    assert since.read(["2022-02-24"]).text() == "2022-02-24"
    assert since.read(["2022-03-01"]).text() == "2022-02-24/2022-03-02"
    with pytest.raises(BadCellError, match="before 2022-02-24, from which the figures are cumulative"):
        since.read(["2022-02-23"])


def test_dates_of_a_spreadsheet_need_no_format() -> None:
    assert reader("month", "%b %Y").read([date(2023, 5, 1)]).text() == "2023-05-01/2023-06-01"
    assert reader("day").read([datetime(2023, 5, 1)]).text() == "2023-05-01"  # noqa: DTZ001 - a cell has no time zone
    with pytest.raises(BadCellError, match="not midnight"):
        reader("day").read([datetime(2023, 5, 1, 6)])  # noqa: DTZ001
    assert reader("year").read([2022.0]).text() == "2022-01-01/2023-01-01"


def test_months_in_other_languages() -> None:
    names = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"]
    assert reader("month", "%b-%Y", months=names).read(["Ene.-2023"]).text() == "2023-01-01/2023-02-01"
    with pytest.raises(BadCellError, match="this is no month"):
        reader("month", "%b-%Y", months=names).read(["Jan-2023"])


@pytest.mark.parametrize(
    ("cells", "text"), [([2023.0, " a ", None], "2023 a"), ([2.5], "2.5"), ([date(2023, 1, 2)], "2023-01-02")]
)
def test_cells_as_text(cells: list[Cell], text: str) -> None:
    assert written(cells) == text
    assert " ".join(filter(None, map(cell_text, cells))) == text


def test_a_year_that_no_cell_names() -> None:
    assert reader("month", "%b", year=2023).read(["Feb"]).text() == "2023-02-01/2023-03-01"
    with pytest.raises(ConfigError, match=r"add the column that has it to period.columns, or set period.year"):
        reader("month", "%b")


def test_periods_that_are_left_out() -> None:
    periods = reader("month", "%YMM%m", skip=["%YKW0%q", "Week %V / Semaine %V"])
    assert [periods.skips([text]) for text in ("2021KW01", "2021KW05", "2021MM01", "")] == [True, False, False, False]
    assert [periods.skips([text]) for text in ("Week 18 / Semaine 18", "Week 18 / Semaine 19")] == [True, False]


def test_of_several_formats_one_that_names_no_date_decides_nothing() -> None:
    both = reader("day", ["%d/%m/%Y", "%m/%d/%Y"])
    assert both.read(["13/05/2023"]).text() == both.read(["05/13/2023"]).text() == "2023-05-13"
    with pytest.raises(BadCellError, match="two formats read it differently: 2023-05-06 and 2023-06-05"):
        both.read(["05/06/2023"])
    with pytest.raises(BadCellError, match="there is no such date"):
        both.read(["13/13/2023"])
