from __future__ import annotations

import pytest

from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.baseline import WEEKLY
from bordertally.streams.rules.config import Detection, OperatorBaseline, Rules
from bordertally.streams.rules.corroboration import (
    NOTE,
    NOTE_UNLIKELY,
    corroborated,
    corroborated_people,
    is_corroborated,
)
from bordertally.streams.totals.records import Baseline
from unit.kit import Told, claim, daily, ordinal, told

DAY = ordinal("2022-09-02")
RULES = Rules(
    Detection(corroborate=True, drop=0.5, learned=()),
    (OperatorBaseline(flow="RU:KZ", daily=100.0), OperatorBaseline(flow="RU:KZ:aksai", daily=100.0)),
)


def say(people: int, source: str, flow: str = "RU:KZ", **more: str) -> Claim:
    return claim(people, "2022-09-02", flow, source, **{"qualifier": "count", "id": f"{source}-{flow}", **more})


def opened(one: Told, flow: str = "RU:KZ") -> tuple[str, str]:
    alert = [alert for alert in one.desk.log if alert.flow == flow][-1]
    return alert.severity, alert.explanation


@pytest.mark.parametrize(
    ("claims", "severity"),
    [
        ([say(300, "b")], "warning"),
        ([say(300, "a")], "critical"),  # graded A
        ([say(300, "b"), say(300, "c")], "critical"),
        ([say(300, "b"), say(300, "d", "RU:KZ")], "warning"),  # grade D does not count
        ([say(300, "b"), say(500, "c", qualifier="at_most")], "warning"),
        ([say(300, "b"), say(250, "c", qualifier="at_least")], "critical"),
        ([say(300, "b"), say(250, "c", "RU:KZ:aksai")], "critical"),
        ([say(300, "b"), say(150, "c", "RU:KZ:aksai")], "warning"),  # corroborated as far as 150
        ([say(300, "b"), say(250, "b", "RU:KZ:aksai")], "warning"),
        ([say(150, "b", "RU:KZ:aksai"), say(150, "c", "RU:KZ:mashtakovo")], "warning"),  # two halves of it
        ([say(250, "a", "RU:KZ:aksai"), say(50, "c", "RU:KZ:mashtakovo")], "critical"),
        ([say(150, "b")], "warning"),
        ([say(300, "b", attributed_to="mia"), say(300, "c", attributed_to="mia")], "warning"),  # one witness
        ([say(300, "b"), say(300, "c", attributed_to="b")], "warning"),
        ([say(300, "b", attributed_to="mia"), say(300, "c", attributed_to="press")], "critical"),
        ([say(300, "b", attributed_to="mia"), say(250, "c", "RU:KZ:aksai", attributed_to="mia")], "warning"),
    ],
)
def test_critical_takes_two_sources_or_one_graded_a(claims: list[Claim], severity: str) -> None:
    one = told(claims, rules=RULES)
    said, why = opened(one)
    assert said == severity
    assert (NOTE in why) == (severity == "warning" and one.best()[-1] >= 200)


def test_it_grows_critical_when_a_second_source_speaks() -> None:
    one = told(say(300, "b"), rules=RULES)
    (alert,) = one.take(say(300, "c"))
    assert (alert.state.value, alert.severity, NOTE in alert.explanation) == ("updated", "critical", False)


def test_a_drop_takes_them_too() -> None:
    assert opened(told(say(10, "b"), rules=RULES))[0] == "warning"
    assert opened(told(say(0, "b"), say(0, "c"), rules=RULES))[0] == "critical"
    assert opened(told(say(0, "a"), rules=RULES))[0] == "critical"


def test_without_the_policy_one_source_is_enough() -> None:
    rules = Rules(Detection(learned=()), RULES.baselines)
    assert opened(told(say(300, "b"), rules=rules))[0] == "critical"


def test_what_is_vouched_for_adds_up_where_nobody_speaks_of_the_whole() -> None:
    one = told(say(200, "a", "RU:KZ:aksai"), say(70, "b", "RU:KZ:mashtakovo"), say(30, "c", "RU:KZ:syrym"), rules=RULES)
    assert corroborated_people(one.node(), PEOPLE, DAY) == 200
    assert not is_corroborated(one.node(), PEOPLE, DAY)
    one.take(say(70, "c", "RU:KZ:mashtakovo"), say(30, "b", "RU:KZ:syrym"))
    assert corroborated_people(one.node(), PEOPLE, DAY) == 300
    assert is_corroborated(one.node(), PEOPLE, DAY)
    assert corroborated_people(one.node(), PEOPLE, DAY + 1) == 0


@pytest.mark.parametrize(("back", "severity"), [(0, "warning"), (6, "warning"), (7, "critical")])
def test_a_week_is_critical_only_without_the_unlikely_claims_of_its_seven_days(back: int, severity: str) -> None:
    # the week ends on the 37th day; of all days only one is unlikely, and without it a week has 100 a day
    people = [100] * 37
    people[36 - back] = 1_000_000
    one = told(daily(people))
    level = Baseline("learned", 100.0, 150.0, method=WEEKLY)
    ranked = corroborated(one.node(), Detection(), [(ordinal("2022-09-01") + 36, 100_000.0, level)])
    assert ranked.severities == [severity]
    assert (NOTE_UNLIKELY in ranked.note) == (severity == "warning")
