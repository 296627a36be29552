from __future__ import annotations

import pytest

from bordertally.streams.imports.titles import (
    is_no_number_of_people,
    says_average,
    says_cumulative,
    says_ending,
    says_thousands,
    says_vehicles,
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *(
            (text, True)
            for text in ("(thousands)", "in Tausend", "тыс. человек", "'000", "Persons ('000)", "千人", "Mio")
        ),
        *((text, False) for text in ("Thousand Isles", "1,000", "2000", "units", "Miles City", "")),
    ],
)
def test_units_of_thousands(text: str, says: bool) -> None:
    assert says_thousands(text) == says


@pytest.mark.parametrize(
    ("name", "is_none"),
    [
        *((name, True) for name in ("Net", "net entry", "Change", "Share (%)", "+/- CI", "Saldo", "Standard error")),
        *((name, True) for name in ("Recognition rate", "Arrivals per 1000 inhabitants", "Families", "#affected+hh")),
        *((name, True) for name in ("tot_hh", "HH_total", "TotalHouseholds", "net_arrivals")),
        *(
            (name, False)
            for name in (
                "Family visits",
                "Familiar",
                "Entries",
                "Netherlands",
                "Changi",
                "Rates of Bay",
                "Balances",
                "Total",
            )
        ),
    ],
)
def test_columns_that_are_no_numbers_of_people(name: str, is_none: bool) -> None:
    assert is_no_number_of_people(name) == is_none


@pytest.mark.parametrize(
    ("name", "says"),
    [
        *(
            (name, True)
            for name in ("Daily average", "AADT", "Durchschnitt", "Среднесуточный поток", "Ø Tag", "Moyenne")
        ),
        *((name, False) for name in ("Moyen-Orient", "Средняя Азия", "Øresund", "Meaning", "In")),
    ],
)
def test_averages(name: str, says: bool) -> None:
    assert says_average(name) == says


@pytest.mark.parametrize(
    ("name", "says"),
    [
        *((name, True) for name in ("Cumulative", "YTD", "FYTD total", "acumulado", "нарастающим итогом", "累計")),
        *((name, False) for name in ("Accumulators", "In", "Total", "Desdemona")),
    ],
)
def test_cumulative_figures(name: str, says: bool) -> None:
    assert says_cumulative(name) == says


@pytest.mark.parametrize(
    ("name", "says"),
    [
        *((name, True) for name in ("Personal Vehicles", "Trucks", "KFZ_R1", "Легковые автомобили", "Flights")),
        *((name, False) for name in ("Personal Vehicle Passengers", "Bus passengers", "People in cars", "Carsten")),
    ],
)
def test_vehicles_are_no_people(name: str, says: bool) -> None:
    assert says_vehicles(name) == says


@pytest.mark.parametrize(
    ("name", "says"), [("Week ending", True), ("W/E", True), ("Woche bis", True), ("Week", False), ("Depending", False)]
)
def test_periods_that_are_named_by_their_ends(name: str, says: bool) -> None:
    assert says_ending(name) == says
