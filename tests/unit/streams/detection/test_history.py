"""Historic episodes: an alert of historic claims alone is a backfill, and one with a live claim is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.history import with_history
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Detection, Rules
from unit.kit import Told, claim, told

FIRST = date(2022, 9, 1)


def days(*people: int, start: int = 0, **more: Any) -> list[Claim]:
    """A claim for each day, in one report of 20 October, whose normal is 100 a day."""
    return [
        claim(number, str(FIRST + timedelta(days=start + place)), qualifier="count", normal={"daily": 100}, **more)
        for place, number in enumerate(people)
    ]


def newest(desk: Told) -> Alert:
    return desk.desk.log[-1]


def test_an_alert_of_historic_claims_alone_is_a_backfill() -> None:
    surge = [100, 100, 300]
    assert newest(told(*days(*surge, start=28))).backfill is False
    imported = told(*days(*surge, start=28, historic=True))
    assert newest(imported).backfill is True
    assert imported.window(7).best == 500


def test_a_live_report_that_carries_a_surge_on_is_told() -> None:
    imported = told(*days(100, 100, 300, start=28, historic=True))
    before = newest(imported)
    (after,) = imported.take(*days(320, start=31, id="live"))
    assert (after.id, after.backfill, after.rings) == (before.id, False, True)


def test_a_live_report_about_the_same_day_is_told() -> None:
    imported = told(*days(100, 100, 300, start=28, historic=True))
    other = claim(310, str(FIRST + timedelta(days=30)), source="a", qualifier="count")
    assert imported.take(other)[-1].backfill is False


def test_a_surge_that_readings_below_confirm_is_told() -> None:
    imported = told(*days(100, 100, 300, start=28, historic=True))
    hour = claim(30, "2022-10-01T10:00/PT1H", flow="RU:KZ:aksai", source="c", qualifier="count", id="h10")
    assert [alert.backfill for alert in imported.take(hour) if alert.flow == "RU:KZ"] == [False]


def test_a_silence_after_an_import_is_a_backfill() -> None:
    rules = Rules(Detection(silence=2.0))
    voices = [*days(*[100] * 10, start=20, historic=True), claim(5, "2022-10-19", flow="RU:KG", source="a")]
    (alert,) = [alert for alert in told(*voices, rules=rules).desk.log if alert.rule == "silence"]
    assert (alert.flow, alert.backfill) == ("RU:KZ", True)


def test_flows_without_historic_claims_cost_nothing() -> None:
    live = told(*days(100, 100, 300, start=28))
    episodes = live.state().episodes
    assert with_history(live.node(), episodes, 30) is episodes
