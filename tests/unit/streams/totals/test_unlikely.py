from __future__ import annotations

import pytest

from bordertally.streams.ledger.series import Suspicion
from bordertally.streams.rules.config import Detection, OperatorBaseline, Rules
from bordertally.streams.rules.corroboration import NOTE_UNLIKELY
from bordertally.streams.totals import unlikely
from bordertally.streams.totals.records import Unlikely
from bordertally.streams.totals.unlikely import note_of, reason, unlikely_claims
from unit.kit import PEOPLE, Told, claim, daily, told

NORMAL = Rules(
    Detection(learned=(), keep_firing_for="0d", week_ratio=0.0, conflict=0.1),
    (OperatorBaseline(flow="RU:KZ", daily=100.0), OperatorBaseline(flow="RU", daily=100.0)),
)
HISTORY = daily([100] * 30, qualifier="count")
TENTH = daily([5_000], first="2022-10-01", qualifier="count", id="tenth")[0]


def alert_of(desk: Told, flow: str = "RU:KZ", rule: str = "daily-rate") -> tuple[str, str]:
    alert = [alert for alert in desk.desk.log if (alert.flow, alert.rule) == (flow, rule)][-1]
    return alert.severity, alert.explanation


def test_the_state_of_a_flow_lists_it_with_the_reason() -> None:
    desk = told(HISTORY, TENTH)
    why = "5,000 a day is more than 10 times the largest day of the 365 days before, 100"
    listed = Unlikely("RU:KZ", "tenth", "b", 5_000, "people", "2022-10-01", "2022-10-01", why)
    assert desk.state().unlikely == [listed]
    assert desk.state("RU").unlikely == []
    assert desk.desk.outcome([]).unlikely == [listed]
    assert desk.window(1).best == 5_000  # it is counted


def test_a_claim_of_two_days_is_listed_with_its_first_and_its_last() -> None:
    desk = told(HISTORY, claim(10_000, "2022-10-01/2022-10-03", id="two", qualifier="count"))
    (listed,) = desk.state().unlikely
    assert (listed.people, listed.first_day, listed.last_day) == (10_000, "2022-10-01", "2022-10-02")


def test_it_is_listed_no_more_once_a_second_day_confirms_it() -> None:
    desk = told(HISTORY, TENTH, daily([2_500], first="2022-10-02", id="second"))
    assert desk.state().unlikely == []


@pytest.mark.parametrize(
    ("suspicion", "words"),
    [
        (
            Suspicion(1_500_000, None, "r", False),
            "1,500,000 a day is more than 1,000,000, and too few days before are known to compare with",
        ),
        (
            Suspicion(12_000.4, 900, "r", False),
            "12,000 a day is more than 10 times the largest day of the 365 days before, 900",
        ),
    ],
)
def test_the_reason_in_words(suspicion: Suspicion, words: str) -> None:
    assert reason(suspicion) == words


def test_only_the_newest_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlikely, "MOST_UNLIKELY", 2)
    desk = told([claim(2_000_000, f"{year}-09-01", id=f"{year}") for year in (2014, 2010, 2012)])  # years apart
    assert [each.report for each in unlikely_claims(desk.node())] == ["2012", "2014"]


def test_alone_it_makes_no_alert_critical_and_the_alert_says_why() -> None:
    desk = told(HISTORY, TENTH, rules=NORMAL)
    severity, why = alert_of(desk)
    assert severity == "warning"
    assert "rests on an unlikely figure: 5,000 a day (Russia to Kazakhstan) by b" in why
    assert NOTE_UNLIKELY in why
    assert alert_of(desk, "RU") == (
        "warning",
        why.replace("Russia to Kazakhstan: 5,000", "Everyone leaving Russia: 5,000"),
    )
    desk.take(*daily([2_600], first="2022-10-01", source="c", id="second"))
    severity, why = alert_of(desk)
    assert (severity, "unlikely" in why) == ("critical", False)


def test_likely_figures_beside_it_may_be_critical() -> None:
    beside = daily([400], first="2022-10-01", source="c", id="beside")
    severity, why = alert_of(told(HISTORY, TENTH, beside, rules=NORMAL))
    assert severity == "critical"
    assert "rests on an unlikely figure" in why
    assert NOTE_UNLIKELY not in why


def test_a_conflict_with_it_is_no_more_than_a_warning() -> None:
    likely = daily([120], first="2022-10-01", source="almaty", id="likely", qualifier="count")
    desk = told(HISTORY, TENTH, likely, rules=NORMAL)
    assert desk.window(1).best == 120
    severity, why = alert_of(desk, rule="conflict")
    assert severity == "warning"
    assert "unlikely" in why


def test_the_note_names_the_largest_of_several() -> None:
    georgia = [*daily([100] * 30, flow="RU:GE"), *daily([4_000], first="2022-10-01", flow="RU:GE", id="other")]
    desk = told(HISTORY, TENTH, georgia)
    root, day = desk.node("RU"), desk.node().ends
    assert (
        note_of(root, PEOPLE, [day])
        == "rests on an unlikely figure: 5,000 a day (Russia to Kazakhstan) by b and 1 more"
    )
    assert note_of(root, PEOPLE, [day - 1]) == ""
