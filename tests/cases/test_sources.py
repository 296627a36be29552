"""Cases about what a source says and takes back."""

from __future__ import annotations

from cases.kit import replayed


def test_a_correction_that_does_not_repeat_the_normal_leaves_the_alert_open() -> None:
    """72,000 in seven days are 10,286 a day against a normal of 4,000 to 5,000: 2.3 times."""
    outcome = replayed("03-correction-without-normal")
    newest = [alert for alert in outcome.alerts if alert.flow == "BR:UY"][-1]
    assert newest.state in {"firing", "updated"}
    assert (newest.expected, newest.rate, newest.ratio) == (4_500, 10_286, 2.286)


def test_a_correction_of_the_same_day_counts_under_the_next_report_id() -> None:
    outcome = replayed("01-same-published-correction")
    assert [(day.day, day.best) for day in outcome.days if day.flow == "BR:UY"] == [("2023-05-01", 850)]


def test_the_version_of_a_fast_clock_counts_from_its_arrival() -> None:
    """Wrong arrives at noon and says it was published 20 hours later; right is published an hour after it arrived."""
    outcome = replayed("04-fast-clock")
    assert [(day.day, day.best) for day in outcome.days if day.flow == "BR:UY"] == [("2023-05-01", 900)]
