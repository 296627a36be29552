"""Files of sixteen shapes that offices publish, in small: what comes out is the sum that other means find in them."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.reports.validation import read_report
from imports.sheets import write_ods, write_xlsx
from unit.kit import NOW

SHAPES = Path(__file__).parent / "shapes"
Sums = Mapping[tuple[str, str], float]
"""People by flow and population (and the unit, if it is vehicles)."""

REGISTRY_ENTRY = '[sources.{0}]\nname = "x"\nflows = ["*"]\ngrade = "A"\n'


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["import", *map(str, words)], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def claimed(reports: str) -> dict[tuple[str, str], float]:
    """The sums of what the intake makes of reports."""
    sums: Counter[tuple[str, str]] = Counter()
    for line in reports.splitlines():
        registry = parse_registry(REGISTRY_ENTRY.format(json.loads(line)["source"]), "sources.toml")
        for claim in read_report(line.encode(), registry, NOW):
            assert claim.best is not None
            kind = claim.population if claim.unit == "people" else f"{claim.population} {claim.unit}"
            sums[claim.flow, kind] += claim.best  # type: ignore[assignment]
    return dict(sums)


def text(name: str, encoding: str = "utf-8") -> str:
    return (SHAPES / name).read_bytes().decode(encoding)


def number(cell: str) -> int:
    return int(re.sub(r"\D", "", cell))


def long_measures() -> Sums:
    sums: Counter[tuple[str, str]] = Counter()
    flows = {"Ponte": "BR:UY:ponte-velha", "Barra": "BR:UY:barra-funda", "Cerro": "AR:UY:cerro-largo"}
    for port, measure, value in re.findall(r"^(\w+) .*AM,([^,]+),(\d+)", text("long-measures.csv"), re.MULTILINE):
        if measure != "Trucks":
            sums[flows[port], "people vehicles" if "Vehicles" in measure else "people"] += int(value)
    return sums


def figures_in_a_row() -> Sums:
    sums: Counter[tuple[str, str]] = Counter()
    slugs = {"Airport": "airport", "Lo Mun": "lo-mun", "Sha Kok Bridge": "sha-kok-bridge"}
    for line in text("figures-in-a-row.csv").splitlines()[1:]:
        _, place, way, residents, _, _, total, _ = line.split(",")
        if way == "Arrival":
            sums[f"CN:HK:{slugs[place]}", "people"] += int(total)
            sums[f"CN:HK:{slugs[place]}", "residents"] += int(residents)
        else:
            sums[f"HK:CN:{slugs[place]}", "people"] += int(total)
    return sums


def fiscal_year() -> Sums:
    sums: Counter[tuple[str, str]] = Counter()
    codes = {"BRAZIL": "BR", "CANADA": "CA", "OTHER": "ZZ", "CHINA, PEOPLES REPUBLIC OF": "CN", "MYANMAR (BURMA)": "MM"}
    for row in csv.reader(text("fiscal-year.csv").splitlines()):
        if row[0] != "fiscal_year":
            sums["CA:US", f"citizens:{codes[row[6]]}"] += int(row[-1])
    return sums


def eurostat() -> Sums:
    sums: Counter[tuple[str, str]] = Counter()
    for line in text("eurostat.tsv").splitlines()[1:]:
        head, *cells = line.split("\t")
        citizen, geo = head.split(",")[2:]
        kind = "people" if citizen == "TOTAL" else f"citizens:{citizen}"
        sums[f"MD:{geo.replace('EL', 'GR')}", kind] += sum(number(cell) for cell in cells if re.search(r"\d", cell))
    return sums


def cumulative() -> Sums:
    """Each cumulative figure is a claim of its own: what is compared is their sum, though totals take the last one."""
    rows = json.loads(text("cumulative.json"))["data"]["timeseries"]
    return {("UA", "people"): sum(row["individuals"] for row in rows)}


def wide_months() -> Sums:
    found = re.findall(r"^  (\w+),(\d+),(\d+),(\d+),(\d+)", text("wide-months.csv"), re.MULTILINE)
    codes = {"Indonesia": "ID", "Malaysia": "MY", "Australia": "AU"}
    return {(f"{codes[name]}:SG", "people"): sum(map(int, cells)) for name, *cells in found}


def countries_as_columns() -> Sums:
    found = re.findall(r'"([\d,]+)","([\d,]+)","([\d,]+)"', text("countries-as-columns.csv", "cp932"))
    assert all(number(first) + number(second) == number(total) for first, second, total in found)
    return {(f"{code}:JP", "people"): sum(number(row[i]) for row in found) for i, code in enumerate(("KR", "TW"))}


def members_and_totals() -> Sums:
    found = re.findall(r"^\d+,(\w+),AllAges,[\d-]+,(\d+)", text("members-and-totals.csv"), re.MULTILINE)
    codes = {"Australia": "AU", "Austria": "AT", "Itary": "IT"}
    sums: Counter[tuple[str, str]] = Counter()
    for name, value in found:
        if name != "Total":
            sums[f"{codes[name]}:KR", "people"] += int(value)
    return sums


def quarters() -> Sums:
    return {
        ("FR:GB", "citizens:AL"): 1204 + 2310,
        ("FR:GB", "citizens:IQ"): 880 + 1001 + 1777,
        ("FR:GB", "citizens:ZZ"): 2.5 + 12 + 9,  # the middle of 1 to 4
    }


def thousands() -> Sums:
    return {("US:CA:aurora", "people"): 12_500 + 13_000 + 14_000, ("US:CA:boreal-pass", "people"): 31_200 + 40_000}


def latin_1() -> Sums:
    sums: Counter[tuple[str, str]] = Counter()
    codes = {"Haití": "HT", "España": "ES", "Perú": "PE"}
    for line in text("latin-1.csv", "latin-1").splitlines()[1:]:
        cells = line.split(";")
        sums["CO:PA", f"citizens:{codes[cells[2]]}"] += number(cells[3]) + number(cells[4])
    return sums


def cyrillic() -> Sums:
    sums: Counter[tuple[str, str]] = Counter()
    slugs = {"Верхний Ларс": "verkhniy-lars", "Адлер": "adler", "Самур": "samur"}
    for line in text("cyrillic.csv", "cp1251").splitlines()[1:]:
        place, _, into, out = line.split(";")
        if place in slugs:
            sums[f"GE:RU:{slugs[place]}", "people"] += number(into)
            sums[f"RU:GE:{slugs[place]}", "people"] += number(out)
    return sums


def hxl() -> Sums:
    return {("UA:PL:medyka", "people"): 4100 + 3900, ("UA:PL:hrebenne", "people"): 1900}


def utf_16() -> Sums:
    return {("AT:CH:sankt-gallen", "people"): 1234 + 12_345 + 4.5, ("AT:CH:buren", "people"): 987 + 1000}


def entering() -> Sums:
    rows = [line.split(";") for line in text("entering.csv").splitlines()[1:]]
    return {("*:RO", kind): sum(number(row[at]) for row in rows) for at, kind in ((1, "people"), (2, "minors"))}


@pytest.mark.parametrize(
    ("file", "sums"),
    [
        ("long-measures.csv", long_measures),
        ("figures-in-a-row.csv", figures_in_a_row),
        ("fiscal-year.csv", fiscal_year),
        ("eurostat.tsv", eurostat),
        ("cumulative.json", cumulative),
        ("wide-months.csv", wide_months),
        ("countries-as-columns.csv", countries_as_columns),
        ("members-and-totals.csv", members_and_totals),
        ("quarters.csv", quarters),
        ("thousands.csv", thousands),
        ("latin-1.csv", latin_1),
        ("cyrillic.csv", cyrillic),
        ("entering.csv", entering),
        ("hxl.csv", hxl),
        ("utf-16.txt", utf_16),
    ],
)
def test_a_file_comes_to_the_sums_that_stand_in_it(file: str, sums: Callable[[], Sums]) -> None:
    code, reports, summary = run(SHAPES / file, "--map", (SHAPES / file).with_suffix(".toml"))
    assert code == 0, summary
    assert claimed(reports) == dict(sums())


def totals(reports: str, period: str, place: Path) -> dict[str, float]:
    """The totals of all people by flow over a period, as a replay of reports comes to them."""
    source = json.loads(reports.splitlines()[0])["source"]
    (place / "reports.ndjson").write_text(reports)
    (place / "sources.toml").write_text(REGISTRY_ENTRY.format(source))
    words = [place / "reports.ndjson", "--sources", place / "sources.toml", "--json", "--period", period]
    done = CliRunner().invoke(cli, ["replay", *map(str, words)], catch_exceptions=False)
    return {total["flow"]: total["best"] for total in json.loads(done.stdout)["periods"]}


@pytest.mark.parametrize(
    ("file", "sums", "period"),
    [
        ("wide-months.csv", wide_months, "2022-12-01/2023-04-01"),
        ("countries-as-columns.csv", countries_as_columns, "2015-01-01/2017-01-01"),
        ("cyrillic.csv", cyrillic, "2023-02-01/2023-02-04"),
        ("figures-in-a-row.csv", figures_in_a_row, "2021-01-01/2021-01-11"),
        ("members-and-totals.csv", members_and_totals, "2017-01-01/2017-03-01"),
        ("entering.csv", entering, "2023-06-01/2023-06-05"),
        ("hxl.csv", hxl, "2022-03-01/2022-03-03"),
    ],
)
def test_the_totals_of_the_whole_file_are_the_sums_in_it(
    file: str, sums: Callable[[], Sums], period: str, tmp_path: Path
) -> None:
    _, reports, _ = run(SHAPES / file, "--map", (SHAPES / file).with_suffix(".toml"))
    found = totals(reports, period, tmp_path)
    assert {flow: found[flow] for flow, kind in sums() if kind == "people"} == {
        flow: people for (flow, kind), people in sums().items() if kind == "people"
    }


@pytest.mark.parametrize(
    ("file", "sums", "flow", "period"),
    [
        ("fiscal-year.csv", fiscal_year, "CA:US", "2022-10-01/2024-10-01"),
        ("latin-1.csv", latin_1, "CO:PA", "2023-01-01/2023-04-01"),
    ],
)
def test_citizenships_add_up_to_the_total_of_a_file(
    file: str, sums: Callable[[], Sums], flow: str, period: str, tmp_path: Path
) -> None:
    _, reports, _ = run(SHAPES / file, "--map", (SHAPES / file).with_suffix(".toml"))
    assert totals(reports, period, tmp_path)[flow] == sum(sums().values())


WIDE_SHEET = """
source = "coast-guard"
header = 2
[period]
columns = "month"
format = "%b%Y"
unit = "month"
[wide]
columns = '(?P<month>[A-Z]{3}\\d{4})'
[flow]
path = "{Route}:EU"
[claims.detections]
population = "citizens:{Nationality}"
[countries]
"Western Route" = "MA"
"Unspecified" = "ZZ"
"""


def test_months_as_columns_of_a_workbook_below_a_title(tmp_path: Path) -> None:
    figures = {("MA", "DZ"): (1200, 34, 0), ("MA", "ZZ"): (5, 6, 7)}
    rows: list[list[str | float | None]] = [
        ["Monthly detections", None, None],
        ["Route", "BorderLocation", "Nationality", "JAN2009", "FEB2009", "MAR2009"],
        ["Western Route", "Sea", "Algeria", *figures["MA", "DZ"]],
        ["Western Route", "Sea", "Unspecified", *figures["MA", "ZZ"]],
    ]
    write_xlsx(tmp_path / "detections.xlsx", {"Detections": rows})
    (tmp_path / "map.toml").write_text(WIDE_SHEET)
    code, reports, summary = run(tmp_path / "detections.xlsx", "--map", tmp_path / "map.toml")
    assert code == 0, summary
    assert claimed(reports) == {("MA:EU", f"citizens:{code}"): sum(row) for (_, code), row in figures.items()}
    periods = {claim["period"] for claim in json.loads(reports)["claims"]}
    assert periods == {"2009-01-01/2009-02-01", "2009-02-01/2009-03-01", "2009-03-01/2009-04-01"}


SHEET_A_YEAR = """
source = "tourism-authority"
sheet = "*"
[period]
columns = ["sheet", "month"]
format = "%Y %b"
unit = "month"
[wide]
columns = '(?P<month>[A-Z]{3})'
[rows]
drop = { COUNTRY = "TOTAL" }
[flow]
path = "{COUNTRY}:LK"
[claims.arrivals]
"""


@pytest.mark.parametrize(("write", "suffix"), [(write_xlsx, "xlsx"), (write_ods, "ods")])
def test_a_sheet_a_year_in_workbooks_of_both_kinds(
    tmp_path: Path, write: Callable[[Path, Any], None], suffix: str
) -> None:
    def sheet(times: int) -> list[list[str | float]]:
        rows: list[list[str | float]] = [["India", 10 * times, 20 * times], ["Spain", 3 * times, 4 * times]]
        return [["COUNTRY", "JAN", "FEB"], *rows, ["TOTAL", 13 * times, 24 * times]]

    write(tmp_path / f"arrivals.{suffix}", {"2015": sheet(100), "2016": sheet(1000)})
    (tmp_path / "map.toml").write_text(SHEET_A_YEAR)
    code, reports, summary = run(tmp_path / f"arrivals.{suffix}", "--map", tmp_path / "map.toml")
    assert code == 0, summary
    assert claimed(reports) == {("IN:LK", "people"): 30 * 1100, ("ES:LK", "people"): 7 * 1100}
    assert {claim["period"][:4] for claim in json.loads(reports)["claims"]} == {"2015", "2016"}


TWO_TABLES = """
source = "airport"
range = "D3:F6"
[period]
columns = "Day"
unit = "day"
[flow]
path = "{From}:RO"
[claims.in]
column = "In"
"""


def test_one_of_two_tables_on_a_sheet_with_real_dates(tmp_path: Path) -> None:
    rows: list[list[str | float | date | None]] = [
        ["Staff", None, None, "Passengers"],
        [],
        ["Name", "Age", None, "Day", "From", "In"],
        ["A", 31, None, date(2023, 5, 1), "Republic of Moldova", 700],
        ["B", 44, None, date(2023, 5, 2), "Republic of Moldova", 650],
        ["C", 58, None, date(2023, 5, 1), "Türkiye", 1210],
        ["D", 22, None, "checked by", "C", 9_999],
    ]
    write_xlsx(tmp_path / "in.xlsx", {"May": rows})
    (tmp_path / "map.toml").write_text(TWO_TABLES)
    code, reports, summary = run(tmp_path / "in.xlsx", "--map", tmp_path / "map.toml")
    assert code == 0, summary
    assert claimed(reports) == {("MD:RO", "people"): 1350, ("TR:RO", "people"): 1210}
