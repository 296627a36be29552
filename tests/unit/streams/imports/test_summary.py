from __future__ import annotations

from bordertally.streams.imports.mapping import read_mapping
from bordertally.streams.imports.summary import lines, summarize
from unit.streams.imports.kit import PLAIN, imported, plain

HEAD = ("Day", "Gate", "In")


def test_the_summary_has_figures_to_hold_against_the_file() -> None:
    mapping = plain("flags = 'p'", "[rows]\ndrop = {Gate = 'Total'}\n[places]\n'S.' = 'south'")
    rows = [
        ("2023-05-01", "North", "1000"),
        ("2023-05-02", "North", "NA"),
        ("2023-05-03", "North", "200p"),
        ("2023-05-03", "S.", "30"),
        ("2023-05-03", "Total", "230"),
        ("2023-05-04", "North", "x"),
        ("Source: police", "", ""),
    ]
    assert list(lines(summarize(imported(mapping, HEAD, *rows)))) == [
        "in.csv, row 7, In: this is no number; add it to missing if it means that there is no figure (got x)",
        "7 rows; cells: 3 taken, 1 missing, 1 bad",
        "  left out by rows.drop Gate = Total: 1 rows",
        "  left out as text beside the table: 1 rows",
        "    row 8: Source: police",
        "  marked p (provisional): 1 cells",
        "  BR:UY:north: 1,200 in 2 periods, 2023-05-01 to 2023-05-03, 1 gaps",
        "  BR:UY:south: 30 in 1 periods, 2023-05-03 to 2023-05-03",
        "sum of what was taken: 1,230 people",
    ]


def test_cumulative_figures_are_not_added_up() -> None:
    text = PLAIN.format(top="", claims="").replace('unit = "day"', 'unit = "since"\nsince = 2022-02-24')
    rows = [("2022-02-25", "A", "10"), ("2022-02-24", "A", "4"), ("2022-02-28", "A", "30")]
    (series,) = summarize(imported(read_mapping(text, "m"), HEAD, *rows)).series
    assert (series.people, series.claims, series.first, series.last, series.gaps) == (
        30,
        3,
        "2022-02-24",
        "2022-02-28",
        0,
    )


def test_rates_count_for_every_day_and_names_of_countries_are_shown() -> None:
    mapping = plain(claims='per = "day"\npopulation = "citizens:{Gate}"\nflow = "BR:UY"')
    summary = summarize(imported(mapping, HEAD, ("2023-05-01", "Peru", "2.5"), ("2023-05-01", "CL", "4")))
    assert [(series.population, series.people) for series in summary.series] == [
        ("citizens:CL", 4),
        ("citizens:PE", 2.5),
    ]
    assert list(lines(summary))[1:] == [
        "  read as countries: Peru = PE",
        "  BR:UY (citizens:CL): 4 in 1 periods, 2023-05-01 to 2023-05-01",
        "  BR:UY (citizens:PE): 2.5 in 1 periods, 2023-05-01 to 2023-05-01",
        "sum of what was taken: 6.5 people (citizens)",
    ]


def test_many_series_are_counted_not_listed() -> None:
    rows = [("2023-05-01", f"Gate {number}", "1") for number in range(25)]
    text = list(lines(summarize(imported(plain(), HEAD, *rows))))
    assert "  and 5 more series; --json has all of them" in text
    assert len(text) == 23
