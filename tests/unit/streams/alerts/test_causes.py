from __future__ import annotations

import msgspec
import pytest

from bordertally.streams.alerts.causes import CausesSeen, causes_seen
from bordertally.streams.ledger.causes import FOREVER, Cause
from bordertally.streams.ledger.citations import CITED
from unit.kit import alert_record

SINCE, LAST = 1_000, 1_004
ALERT = alert_record()  # a stated level; it cites ge-1 and no-2


@pytest.mark.parametrize(
    ("cause", "bears"),
    [
        (Cause("x", SINCE, SINCE), True),
        (Cause("x", LAST, LAST + 9), True),
        (Cause("x", SINCE - 9, SINCE), True),
        (Cause("x", SINCE - 9, SINCE - 1), False),
        (Cause("x", LAST + 1, LAST + 1), False),
        (Cause("x", SINCE - 500, FOREVER), True),
        (Cause("ge-1", SINCE, SINCE), False),  # the alert rests on it
        (Cause("ge-1", SINCE, SINCE, moved=True), True),  # but this is its correction
    ],
)
def test_a_cause_bears_on_an_alert_by_its_days(cause: Cause, *, bears: bool) -> None:
    seen = causes_seen(CausesSeen(), [cause], ALERT, SINCE, LAST)
    assert seen == (CausesSeen((cause.report,), 1) if bears else CausesSeen())


@pytest.mark.parametrize(
    ("rule", "baseline", "reach"),
    [
        ("daily-rate", "stated", 0),
        ("daily-rate", "learned", 30),
        ("checkpoint-share", "learned", 30),
        ("record", "record", 900),
    ],
)
def test_the_days_that_a_level_is_learned_from_bear_on_it_too(rule: str, baseline: str, reach: int) -> None:
    alert = msgspec.structs.replace(ALERT, rule=rule, baseline=baseline)
    first = Cause("x", SINCE - reach, SINCE - reach)
    assert causes_seen(CausesSeen(), [first], alert, SINCE, LAST).reports == ("x",)
    if reach < 900:
        before = Cause("x", SINCE - reach - 1, SINCE - reach - 1)
        assert causes_seen(CausesSeen(), [before], alert, SINCE, LAST) == CausesSeen()


def test_each_report_counts_once_and_a_hundred_are_named() -> None:
    causes = [Cause(f"r{number:03}", SINCE, SINCE) for number in range(CITED + 20)]
    seen = causes_seen(CausesSeen(("r000",), 1), [*causes, *causes], ALERT, SINCE, LAST)
    assert (len(seen.reports), seen.number, seen.reports[:2]) == (CITED, CITED + 20, ("r000", "r001"))
