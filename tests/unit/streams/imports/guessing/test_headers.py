from __future__ import annotations

from bordertally.streams.imports.guessing.headers import header_rows, is_text


def test_rows_that_name_the_columns() -> None:
    assert header_rows([["Day", "Gate", "In"], ["2023-05-01", "Brod", "7"]]) == [1]
    assert header_rows([["Border police", "", ""], ["Day", "Gate", "In"], ["2023-05-01", "Brod", "7"]]) == [2]
    assert header_rows([["Day", "In", "In"], ["", "Men", "Women"], ["2023-05-01", "8", "7"]]) == [1, 2]
    assert header_rows([["2023-05-01", "Brod", "7"]]) == []


def test_a_row_of_text() -> None:
    assert is_text(["Source: police", "", ""], 3)
    assert not is_text(["Brod", "7", ""], 3)
    assert not is_text(["7", ""], 2)
