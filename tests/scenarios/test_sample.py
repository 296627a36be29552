"""The sample week, 21-27 September 2022: it comes to the worked example, number by number."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bordertally.agents import demo
from bordertally.agents.demo.make_sample import COUNTERS, sample
from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.rules_file import parse_rules
from bordertally.streams.flows import Flow
from bordertally.streams.replay.ledgers import ReplayLedgers, ReplayResult, replay
from bordertally.streams.reports.sources import Registry, parse_registry
from bordertally.streams.rules.config import OperatorBaseline, Rules
from bordertally.streams.topics import Topic
from bordertally.streams.totals.records import FlowState, Total
from one_by_one import read_all

DEMO = Path(demo.__file__).parent
NOW = 2e9
WEEK = [f"2022-09-{day}" for day in range(21, 28)]
BAD = {
    "border-blog-1": ("unknown_source", "source", "border-blog"),
    "nuijamaa-2022-09-24T18-backwards": ("bad_period", "period", "2022-09-24T19:00/2022-09-24T18:00"),
    "kairak-2022-09-26-elsewhere": ("flow_not_allowed", "flow", "RU:GE"),
}


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return (DEMO / "sample.ndjson").read_bytes().splitlines()


@pytest.fixture(scope="module")
def registry() -> Registry:
    return parse_registry((DEMO / "sources.toml").read_text(encoding="utf-8"), "sources.toml")


@pytest.fixture(scope="module")
def rules() -> Rules:
    return parse_rules((DEMO / "rules.toml").read_text(encoding="utf-8"), "rules.toml")


@pytest.fixture(scope="module")
def outcome(lines: list[bytes], registry: Registry, rules: Rules) -> ReplayResult:
    return replay(lines, registry, rules, NOW)


@pytest.fixture(scope="module")
def states(lines: list[bytes], registry: Registry, rules: Rules) -> dict[Flow, FlowState]:
    desk = ReplayLedgers(registry, rules)
    for claims in read_all(lines, registry, NOW).reports:
        for _ in desk.apply(claims):
            pass
    return desk.states


def total(outcome: ReplayResult, flow: str, days: int = 7) -> Total:
    (chosen,) = [total for total in outcome.totals if (total.flow, total.window_days) == (flow, days)]
    return chosen


def rates(outcome: ReplayResult, flow: str) -> dict[str, int]:
    return {day.day: day.best for day in outcome.days if day.flow == flow}


def standing(alerts: list[Alert]) -> dict[str, Alert]:
    """The last word on every alert that was not withdrawn, by flow."""
    last = {alert.id: alert for alert in alerts}
    kept = [alert for alert in last.values() if alert.state != "withdrawn"]
    assert len({alert.flow for alert in kept}) == len(kept)
    return {alert.flow: alert for alert in kept}


# --- the worked example ----------------------------------------------------------------------------------------


def test_georgia_days(outcome: ReplayResult) -> None:
    assert rates(outcome, "RU:GE") == dict(zip(WEEK, [6_600] * 5 + [10_000] * 2, strict=True))


def test_georgia_week_is_53_000_and_not_73_000(outcome: ReplayResult) -> None:
    week = total(outcome, "RU:GE")
    assert (week.low, week.best, week.high) == (53_000, 53_000, 54_000)
    assert (week.observed, week.projected, week.as_of) == (53_000, 0, "2022-09-28")
    assert week.reports == ["ge-mia/ge-2022-09-27", "no-gov/no-2022-09-28"]


def test_kazakhstan_week(outcome: ReplayResult) -> None:
    week = total(outcome, "RU:KZ")
    assert (week.low, week.best, week.high) == (97_500, 98_000, 98_500)
    assert rates(outcome, "RU:KZ") == dict.fromkeys(WEEK, 14_000)


def test_eu_week_ends_with_the_25th(outcome: ReplayResult) -> None:
    week = total(outcome, "RU:EU")
    assert (week.low, week.best, week.high) == (65_000, 66_000, None)
    assert (week.projected, week.as_of) == (0, "2022-09-26")
    assert rates(outcome, "RU:EU") == dict.fromkeys([f"2022-09-{day}" for day in range(19, 26)], 9_429)


def test_eu_week_before_comes_from_the_stated_change(states: dict[Flow, FlowState]) -> None:
    baseline = states[Flow("RU:EU")].baseline
    assert baseline is not None
    assert (baseline.kind, baseline.population, baseline.source) == ("derived", "citizens:RU", "frontex")
    assert round(baseline.expected) == 7_253
    assert round(baseline.expected * 7) == 50_769


def test_russia_week(outcome: ReplayResult) -> None:
    week = total(outcome, "RU")
    assert (week.low, week.best, week.high) == (196_929, 217_000, None)
    assert week.best == 98_000 + 53_000 + 66_000
    assert (week.projected, week.observed) == (18_857, 198_143)
    assert (week.as_of, week.covered_days) == ("2022-09-28", 7)
    assert (week.reporting.spoken, week.reporting.known) == (2, 3)
    worked = {
        "ge-mia/ge-2022-09-27",
        "no-gov/no-2022-09-28",
        "kz-mia/kz-2022-09-27",
        "frontex/frontex-2022-09-27",
    }
    assert worked <= set(week.reports)


def test_the_newspaper_is_shown_and_moves_nothing(outcome: ReplayResult) -> None:
    (noted,) = [noted for noted in outcome.noted if noted.source == "novaya"]
    assert (noted.flow, noted.people, noted.population, noted.why) == ("RU", 261_000, "men", "grade D")
    assert not any(report.endswith("novaya-2022-09-25") for total in outcome.totals for report in total.reports)


def test_alerts(outcome: ReplayResult) -> None:
    alerts = standing(outcome.alerts)
    assert set(alerts) == {"RU:GE", "RU:EU"}
    ge, eu = alerts["RU:GE"], alerts["RU:EU"]
    assert (ge.since, ge.until, ge.severity, ge.rate, ge.expected) == ("2022-09-26", None, "warning", 10_000, 5_500)
    assert round(ge.ratio or 0, 2) == 1.82
    assert (eu.since, eu.until, eu.severity, eu.rate, eu.expected) == ("2022-09-19", None, "notice", 9_429, 7_253)
    assert round(eu.ratio or 0, 2) == 1.30
    assert (ge.baseline, eu.baseline) == ("stated", "derived")


def test_georgia_alert_moves_when_north_ossetia_reports(outcome: ReplayResult) -> None:
    published = [(alert.seq, alert.state.value, alert.since) for alert in outcome.alerts if alert.flow == "RU:GE"]
    assert published == [(1, "firing", "2022-09-21"), (2, "updated", "2022-09-26")]


def test_kazakhstan_has_no_baseline(states: dict[Flow, FlowState]) -> None:
    assert states[Flow("RU:KZ")].baseline is None
    assert states[Flow("RU:KZ")].episodes == []


def test_only_georgia_and_the_eu_have_baselines(states: dict[Flow, FlowState]) -> None:
    assert {flow for flow, state in states.items() if state.baseline is not None} == {"RU:GE", "RU:EU"}


def test_nothing_contradicts(outcome: ReplayResult) -> None:
    assert outcome.conflicts == []


# --- what stands around it -------------------------------------------------------------------------------------


def test_children_of_russia_are_those_of_the_worked_example(states: dict[Flow, FlowState]) -> None:
    assert {flow for flow in states if flow.startswith("RU:") and flow.count(":") == 1} == {"RU:EU", "RU:GE", "RU:KZ"}


def test_lower_levels_stay_below_what_their_countries_say(outcome: ReplayResult) -> None:
    for above in ("RU:EU", "RU:EU:FI", "RU:KZ"):
        below: Counter[str] = Counter()
        for figure in outcome.days:
            if figure.flow.rpartition(":")[0] == above:
                below[figure.day] += figure.best
        stated = {day: best for day, best in rates(outcome, above).items() if above != "RU:EU:FI" or day > "2022-09-21"}
        assert stated
        assert all(below[day] < best for day, best in stated.items()), above


def test_lower_levels_inside_the_eu(outcome: ReplayResult) -> None:
    assert rates(outcome, "RU:EU:LT") == {"2022-09-19": 1_461}
    assert total(outcome, "RU:EU:PL").best == 2_326
    assert [rates(outcome, "RU:EU:FI")[f"2022-09-{day}"] for day in range(22, 26)] == [7_500] * 4


def test_ways_back_are_flows_of_their_own(outcome: ReplayResult) -> None:
    back = total(outcome, "KZ:RU", 30)
    assert (back.low, back.best, back.high) == (64_000, 64_000, None)
    assert total(outcome, "LV:RU", 30).best == 2_332


def test_people_refused_and_queues_are_shown_and_not_totalled(outcome: ReplayResult) -> None:
    noted = {noted.report: (noted.flow, noted.people, noted.why) for noted in outcome.noted}
    assert noted["lv-2022-09-27-refused"] == ("RU:EU:LV", 57, "measure refused")
    assert noted["no-2022-09-26-queue"] == ("RU:GE:verkhny-lars", 3_500, "measure queue")
    assert noted["no-2022-09-28-queue"] == ("RU:GE:verkhny-lars", 3_000, "measure queue")
    assert not any(total.flow == "RU:EU:LV" for total in outcome.totals)


def test_a_correction_replaces_and_a_withdrawal_takes_away(lines: list[bytes], outcome: ReplayResult) -> None:
    reports = by_id(lines)
    assert reports["vaalimaa-2022-09-24T14"]["people"] == 1_480
    assert reports["vaalimaa-2022-09-24T14-corrected"]["people"] == 148
    assert reports["imatra-2022-09-20T03"]["people"] == 500
    day = [
        report
        for report in reports.values()
        if report["source"] == "vaalimaa-counter" and "2022-09-24T" in report["period"]
    ]
    assert rates(outcome, "RU:EU:FI:vaalimaa")["2022-09-24"] == sum(report["people"] for report in day) - 1_480
    day = [
        report
        for report in reports.values()
        if report["source"] == "imatra-counter" and "2022-09-20T" in report["period"]
    ]
    assert rates(outcome, "RU:EU:FI:imatra")["2022-09-20"] == sum(report["people"] or 0 for report in day) - 500


# --- the file --------------------------------------------------------------------------------------------------


def by_id(lines: list[bytes]) -> dict[str, dict[str, Any]]:
    return {report["id"]: report for report in map(json.loads, lines)}


def test_make_sample_writes_this_file_byte_for_byte() -> None:
    assert (DEMO / "sample.ndjson").read_bytes() == sample()


def test_ids_are_unique_and_the_size_fits_a_demo(lines: list[bytes]) -> None:
    assert len(by_id(lines)) == len(lines)
    assert 1_000 <= len(lines) <= 1_500


def test_lines_are_in_order_of_publication(lines: list[bytes]) -> None:
    published = [json.loads(line)["published"] for line in lines]
    assert published == sorted(published)


def test_refused_are_the_bad_ones_and_no_others(outcome: ReplayResult) -> None:
    assert {refusal.report: (refusal.reason, refusal.field, refusal.value) for refusal in outcome.rejected} == BAD


def test_every_topic_carries_reports_and_every_source_speaks(lines: list[bytes], registry: Registry) -> None:
    spoken = Counter(json.loads(line)["source"] for line in lines)
    assert set(spoken) - {"border-blog"} == set(registry.sources) - {"news-agency"}  # which `demo --article` has speak
    assert {registry.sources[source].topic for source in spoken if source != "border-blog"} == set(Topic)


def test_simulated_counters_say_so(registry: Registry) -> None:
    simulated = {key for key, source in registry.sources.items() if source.name.endswith("(simulated counter)")}
    assert simulated == {f"{counter.checkpoint}-counter" for counter in COUNTERS}
    assert simulated == {key for key, source in registry.sources.items() if source.topic is Topic.CHECKPOINT}


def test_facts_carry_the_address_where_they_were_read(lines: list[bytes]) -> None:
    for report in by_id(lines).values():
        if not report["source"].endswith("-counter") and report["source"] != "border-blog":
            claims = report.get("claims", [report])
            assert all(claim["url"].startswith("https://") and claim["text"] for claim in claims), report["id"]


def test_registry_writes_members_inside_the_eu(registry: Registry) -> None:
    assert registry.blocs == {"EU"}


def test_rules_spell_out_the_defaults(rules: Rules) -> None:
    assert rules == Rules()


def test_commented_baseline_is_good_as_it_stands() -> None:
    text = (DEMO / "rules.toml").read_text(encoding="utf-8")
    head, comment = text.split("# [[baselines]]")
    opened = "[[baselines]]" + re.sub(r"(?m)^# ", "", comment)
    (baseline,) = parse_rules(head + opened, "rules.toml").baselines
    assert isinstance(baseline, OperatorBaseline)
    assert (baseline.flow, baseline.level) == ("RU:KZ", (9_000, 12_000))


# --- order and repetition --------------------------------------------------------------------------------------


def test_two_replays_are_equal_byte_for_byte(
    lines: list[bytes], registry: Registry, rules: Rules, outcome: ReplayResult
) -> None:
    again = replay(lines, registry, rules, NOW)
    assert msgspec.json.encode(again) == msgspec.json.encode(outcome)


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_arrival_comes_to_the_same(
    seed: int, lines: list[bytes], registry: Registry, states: dict[Flow, FlowState], outcome: ReplayResult
) -> None:
    rng = random.Random(seed)
    reports = read_all(lines, registry, NOW).reports
    rng.shuffle(reports)
    desk = ReplayLedgers(registry, Rules())
    while reports:
        size = rng.randint(1, 60)
        batch, reports = reports[:size], reports[size:]
        for _ in desk.apply(claim for claims in batch for claim in claims):
            pass
    assert desk.states == states

    def core(alerts: list[Alert]) -> dict[str, tuple[object, ...]]:
        return {
            flow: (alert.rule, alert.since, alert.until, alert.peak_day, alert.peak_rate, alert.severity)
            for flow, alert in standing(alerts).items()
        }

    assert core(desk.log) == core(outcome.alerts)
