from __future__ import annotations

from bordertally.streams.imports.guessing.samples import is_figure, is_of_years, quoted, reads_as, sampled, share_of
from bordertally.streams.imports.mapping import PeriodUnit


def test_a_column_has_its_cells_as_text_and_those_that_are_not_empty() -> None:
    column = sampled("Gate", [["Brod", 1.0], [None, 2.0], ["Most", 3.0], ["Brod"]], 0)
    assert (column.cells, column.texts, column.kinds) == (
        ["Brod", "", "Most", "Brod"],
        ["Brod", "Most", "Brod"],
        ["Brod", "Most"],
    )
    assert column.filled() == ["Brod", "Brod", "Most", "Brod"]
    assert sampled("In", [["Brod", 1.0], ["Most", 2.5]], 1).texts == ["1", "2.5"]


def test_what_cells_look_like() -> None:
    assert [is_figure(text) for text in ("1,234", "12*", "12 p", "1.5", "Brod", "<5")] == [True] * 4 + [False] * 2
    years = sampled("Year", [["2022"], ["2023"], ["2023"], ["2024"], ["x"]], 0)
    assert is_of_years(years)
    assert not is_of_years(years._replace(texts=["2022", "x"]))
    is_month = reads_as(PeriodUnit.MONTH, "%b %Y")
    assert [is_month(text) for text in ("Jan 2023", "2023-01", "Total")] == [True, False, False]
    assert reads_as(PeriodUnit.DAY, "%Y-%m-%d")("Total")
    assert share_of(["Jan 2023", "x"], is_month) == 0.5
    assert share_of([], is_month) == 0
    assert quoted('a "b" é') == r'"a \"b\" é"'
