from __future__ import annotations

from bordertally.streams.imports.guessing.figure_columns import figure_columns, never_falls, people_in
from bordertally.streams.imports.guessing.samples import sampled


def test_columns_of_figures_are_no_years_days_codes_nor_numbers_of_rows() -> None:
    rows = [
        ["1", "2023", "2023-05-01", "642", "Brod", "1,200", "3"],
        ["2", "2023", "2023-05-02", "643", "Most", "<5", "-1"],
        ["3", "2023", "2023-05-03", "644", "Most", "12", "4"],
    ]
    names = ("#", "Year", "Day", "Port code", "Gate", "In", "Net")
    columns = [sampled(name, rows, index) for index, name in enumerate(names)]
    assert [column.name for column in figure_columns(columns)] == ["In"]


def test_figures_that_only_grow() -> None:
    grown = sampled("In", [["1"], ["4"], ["9"], ["10"], ["12"]], 0)
    assert never_falls(grown)
    assert not never_falls(grown._replace(texts=["1", "4", "9", "10", "10"]))
    assert list(people_in(["1,200", "12*", "Brod"])) == [1200, 12]
