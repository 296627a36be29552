from __future__ import annotations

import msgspec

from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.checkpoint_share import CHECKPOINT_SHARE, shares
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Detection, Rules
from unit.kit import Told, alerts_of, claim, daily, told

RULES = Rules(Detection(keep_firing_for="0d", checkpoint_share=1.5, learned="c2", sigmas=3.0, sigma_floor_share=1 / 6))
SPREAD = (90, 110, 100, 100, 95, 105, 100, 100, 100)
"""Days 1 to 9 of September: what is usual, as shares of a hundred."""


def counts(usual: int, later: list[float | None], flow: str) -> list[Claim]:
    people = [*(usual * share / 100 for share in SPREAD), *later]
    return [
        msgspec.structs.replace(one, report=f"{flow[-4:]}-{one.report}")
        for one in daily(people, flow=flow, source="c", qualifier="count")
    ]


def border(aksai: list[float | None], mashtakovo: list[float | None], rules: Rules = RULES) -> Told:
    """400 a day at Aksai and 1,600 at Mashtakovo in the first week, and what comes from 10 September on."""
    return told(counts(400, aksai, "RU:KZ:aksai"), counts(1600, mashtakovo, "RU:KZ:mashtakovo"), rules=rules)


def runs(one: Told, flow: str = "RU:KZ") -> list[tuple[str, str | None]]:
    return [
        (since[-2:], until and until[-2:])
        for path, rule, since, until, *_ in alerts_of(one.desk)
        if (path, rule) == (flow, "checkpoint-share")
    ]


def newest(one: Told) -> Alert:
    return [alert for alert in one.desk.log if alert.rule == "checkpoint-share"][-1]


def sharing(times: float) -> Rules:
    return Rules(
        Detection(keep_firing_for="0d", checkpoint_share=times, learned="c2", sigmas=3.0, sigma_floor_share=1 / 6)
    )


def test_a_checkpoint_that_surges_while_its_country_falls() -> None:
    one = border([900], [600])
    assert runs(one) == [("10", None)]
    alert = newest(one)
    assert (alert.flow, alert.about, alert.severity) == ("RU:KZ", "RU:KZ:aksai", "critical")
    assert (alert.rate, alert.expected) == (900, 400)
    assert alert.explanation == (
        "Russia to Kazakhstan at Aksai: 900 on 2022-09-10 against 400 in the days t-9 to t-3 (learned by c2), "
        "threshold 600: 2.2 times; "
        "2 reports; 60% of Russia to Kazakhstan, where 20% is usual, while that fell to 1,500 from 2,000"
    )


def test_a_country_that_rises_with_it_is_none() -> None:
    assert runs(border([900], [1600])) == []


def test_a_checkpoint_that_holds_while_its_country_falls_is_none() -> None:
    assert runs(border([400], [600])) == []


def test_its_share_must_have_grown_by_as_much_as_the_rules_say() -> None:
    assert runs(border([900], [600], sharing(2.9))) == [("10", None)]
    assert runs(border([900], [600], sharing(3.1))) == []


def test_it_is_over_on_the_first_day_without() -> None:
    one = border([900, 800, 400], [600, 600, 1500])
    assert runs(one) == [("10", "12")]
    assert newest(one).explanation.endswith("; closed on 2022-09-12")


def test_a_day_of_which_not_all_have_spoken_opens_none() -> None:
    one = border([900], [None])
    assert runs(one) == []
    one.take(*counts(1600, [600], "RU:KZ:mashtakovo"))
    assert runs(one) == [("10", None)]


def test_a_day_in_progress_opens_none() -> None:
    early = claim(900, "2022-09-10T00:00/PT6H", "RU:KZ:aksai", "c", qualifier="count", published="2022-09-10T07:00:00Z")
    one = border([], [600])
    one.take(early)
    assert runs(one) == []


def test_a_correction_below_takes_it_away() -> None:
    one = border([900], [600])
    one.take(claim(300, "2022-09-10", "RU:KZ:aksai", "c", qualifier="count", published="2022-10-21T00:00:00Z"))
    assert runs(one) == []


def test_it_is_off_by_default() -> None:
    assert (
        runs(
            border(
                [900], [600], Rules(Detection(keep_firing_for="0d", learned="c2", sigmas=3.0, sigma_floor_share=1 / 6))
            )
        )
        == []
    )


def test_the_rule_finds_nothing_where_it_is_off_or_without_flows_below() -> None:
    one = border([900], [600])
    assert len(shares(one.node(), RULES)) == 1
    assert shares(one.node(), Rules()) == shares(one.node("RU:KZ:aksai"), RULES) == []
    assert [CHECKPOINT_SHARE.is_on(detection) for detection in (Detection(), RULES.detection)] == [False, True]
