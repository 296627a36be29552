from __future__ import annotations

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.imports.mapping import PeriodUnit, SameKey, read_mapping
from bordertally.streams.qualifiers import Qualifier
from unit.streams.imports.kit import PLAIN, plain


def test_a_mapping_has_defaults() -> None:
    mapping = plain()
    assert (mapping.source, mapping.same_key, mapping.header_rows) == ("police", SameKey.REFUSE, [1])
    assert mapping.period.unit is PeriodUnit.DAY
    assert mapping.claims["entries"].qualified is Qualifier.COUNT
    assert {"", ":", "NA"} <= set(mapping.missing)


def test_a_figure_in_thousands_is_no_count_unless_named() -> None:
    assert plain(claims="times = 1000").claims["entries"].qualified is Qualifier.STATED
    assert plain(claims='times = 1000\nqualifier = "about"').claims["entries"].qualified is Qualifier.ABOUT


def test_no_header() -> None:
    assert plain("header = 0").header_rows == []
    assert plain("header = [3, 4]").header_rows == [3, 4]


@pytest.mark.parametrize(
    ("top", "claims", "says"),
    [
        ("grup = ','", "", "map.toml: grup: there is no such field; the fields are source, period, flow, "),
        ("same_key = 'sum'", "", "map.toml: same_key: this must be .*refuse.*once.*add.*last.* \\(got sum\\)"),
        ("group = '.'", "", "group: '.' is the decimal sign too; set decimal to the other one"),
        ("suppressed = {'<5' = [4, 0]}", "", r"suppressed.<5: \[4, 0\] is not a range \[low, high\]"),
        ("", "times = 1000\nqualifier = 'count'", "claims.entries.qualifier: a figure in units of 1,000 is rounded"),
        ("[wide]\ncolumns = '(?P<m'", "", r"wide.columns: .* is not a regular expression: missing"),
        ("source = 'x'", "", r"map.toml: Cannot overwrite a value \(at line 3"),
    ],
)
def test_a_wrong_mapping_is_named_by_its_field(top: str, claims: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        plain(top, claims)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('unit = "day"', "", "period.unit: this field is required"),
        ('unit = "day"', 'unit = "since"', "period.since: give the first day of cumulative figures"),
        ('unit = "day"', 'unit = "day"\nsince = 2022-02-24', "period.since: give the first day"),
        ('unit = "day"', 'unit = "month"\nmonths = ["ene"]', "period.months: 1 names; give all twelve, January first"),
        ('column = "In"', "", r"claims.entries.column: missing; name the column of the figure, or describe \[wide\]"),
    ],
)
def test_a_mapping_that_lacks_something_says_what(old: str, new: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_mapping(PLAIN.format(top="", claims="").replace(old, new), "map.toml")
