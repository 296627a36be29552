"""A rule that is only registered is known to the rules file, replay, alerts, CAP, silences, scenarios and backtest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from bordertally.agents.cli.main import cli
from bordertally.agents.cli.operate import silences as commands
from bordertally.streams.alerts.explanation import explain
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silence, make_silence, silenced
from bordertally.streams.delivery.cap import NAMESPACE, cap
from bordertally.streams.detection.daily_rate import DAILY_RATE
from bordertally.streams.detection.registry import RULES, all_episodes, rule_of
from bordertally.streams.detection.rule import Rule
from bordertally.streams.detection.rules_file import parse_rules
from bordertally.streams.errors import BordertallyError, ConfigError
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node, evidence
from bordertally.streams.periods import iso_day
from bordertally.streams.replay.ledgers import replay
from bordertally.streams.replay.scenario import parse_scenarios, play
from bordertally.streams.rules.config import Rules, Setting
from bordertally.streams.rules.wording import Names, count_of_reports
from bordertally.streams.settings import Settings
from bordertally.streams.totals.records import Baseline, Episode
from unit.kit import NOW, REGISTRY, claim, daily, report, told

# --- a rule that nobody but this file knows --------------------------------------------------------------------

SETTING = Setting("crowd", lambda people: people > 0, "above 0")


def crowds(node: Node, rules: Rules) -> list[Episode]:
    """The runs of days with more people than the setting says; the next day with fewer ends one."""
    most, series = SETTING.of(rules.detection), node.series.get(PEOPLE)
    if most is None or series is None:
        return []
    days = sorted(series.bins)
    runs = [list(run) for is_crowded, run in groupby(days, lambda day: series.bins[day].best > most) if is_crowded]
    return [_episode(node, run, next((day for day in days if day > run[-1]), None), most) for run in runs]


def _episode(node: Node, run: list[int], until: int | None, most: float) -> Episode:
    bins = node.series[PEOPLE].bins
    peak = max(run, key=lambda day: bins[day].best)
    reports, count = evidence(node, PEOPLE, {run[-1], peak})
    level = Baseline("operator", most, most)
    figures = (run[-1], bins[run[-1]].best, level, "warning", peak, bins[peak].best, "warning")
    return Episode(run[0], until, *figures, reports, count, rule="crowd")


def describe(flow: str, episode: Episode, _: Names) -> str:
    return f"{flow} is crowded: {episode.rate:,.0f} on {iso_day(episode.day)}; {count_of_reports(episode)}"


CROWD = Rule(
    name="crowd",
    find=crowds,
    describe=describe,
    noun="crowd",
    headline="A crowd at a border",
    setting=SETTING,
)
ON = '[detection]\ncrowd = 500\nlearned = []\nkeep_firing_for = "0d"\n'


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, CROWD.name, CROWD)


# --- the registry ----------------------------------------------------------------------------------------------


def test_rules_are_found_by_name_and_an_unknown_name_is_the_daily_rate() -> None:
    assert rule_of("crowd") is CROWD
    assert rule_of("drop") is RULES["drop"]
    assert rule_of("of an earlier version") is DAILY_RATE
    assert all(name == rule.name for name, rule in RULES.items())


def test_episodes_come_rule_by_rule() -> None:
    rules = parse_rules(f'{ON}[[baselines]]\nflow = "RU:KZ"\ndaily = 400', "rules")
    node = told(daily([400, 900])).node()
    assert [(one.rule, one.rate) for one in all_episodes(node, rules)] == [("daily-rate", 900), ("crowd", 900)]
    assert [one.rule for one in all_episodes(node, Rules(baselines=rules.baselines))] == ["daily-rate"]


# --- the rules file --------------------------------------------------------------------------------------------


def test_its_setting_is_read_for_all_flows_and_for_some() -> None:
    rules = parse_rules(
        '[detection]\ncrowd = 500\n[[flows]]\nflow = "RU:GE"\ncrowd = 50\n[[flows]]\nflow = "RU:FI"\ncrowd = false',
        "rules",
    )
    found = {flow: SETTING.of(rules.of(flow).detection) for flow in ("RU", "RU:GE", "RU:GE:larsi", "RU:FI")}
    assert found == {"RU": 500, "RU:GE": 50, "RU:GE:larsi": 50, "RU:FI": None}
    assert not CROWD.is_on(Rules().detection)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[detection]\ncrowd = 0", r"^rules: detection\.crowd: 0 must be above 0$"),
        ('[[flows]]\nflow = "RU"\ncrowd = -1', r"^rules: flows\[0\]\.crowd: -1 must be above 0$"),
        ('[[flows]]\nflow = "RU"\ncrowd = true', r"^rules: flows\[0\]\.crowd: true must be a figure, or false"),
        ('[detection]\ncrowd = "many"', r"^rules: detection\.crowd: many must be a number, above 0$"),
        ("[detection]\ncrowd = false", r"^rules: detection\.crowd: false must be a number, above 0$"),
        ('[[flows]]\nflow = "RU"\ncrowd = []', r"^rules: flows\[0\]\.crowd: \[\] must be a number, above 0$"),
        ("[detection]\nothers = 5", r"^rules: detection\.others: 5 is no setting"),
    ],
)
def test_a_wrong_value_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_rules(text, "rules")


def test_without_the_rule_its_setting_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, "crowd")
    with pytest.raises(ConfigError, match="unknown field `crowd`"):
        parse_rules(ON, "rules")


# --- alerts ----------------------------------------------------------------------------------------------------


def alerts(*people: float) -> list[Alert]:
    """The alerts of RU:KZ after counts from 1 September on; those of RU, above it, are left out."""
    lines = [report(one, f"2022-09-{day:02}", id=f"r{day}") for day, one in enumerate(people, 1)]
    return [one for one in replay(lines, REGISTRY, parse_rules(ON, "rules"), NOW).alerts if one.flow == "RU:KZ"]


def test_a_replay_has_its_alerts_with_its_words() -> None:
    opened, *_, ended = alerts(400, 600, 900, 300)
    assert (opened.rule, opened.state.value, opened.since, opened.expected) == ("crowd", "firing", "2022-09-02", 500)
    assert opened.explanation == "RU:KZ is crowded: 900 on 2022-09-03; 1 report"  # all were published in one hour
    assert (ended.state.value, ended.until, ended.peak_rate) == ("resolved", "2022-09-04", 900)
    assert ended.explanation == "RU:KZ is crowded: 900 on 2022-09-03; 1 report; closed on 2022-09-04"


def test_the_note_of_an_episode_comes_before_its_end() -> None:
    episode = Episode(1, 4, 3, 600.0, Baseline("operator", 500, 500), "notice", 3, 600.0, "notice", ["r"], 1, "crowd")
    told_with = Episode(**{**{name: getattr(episode, name) for name in episode.__struct_fields__}, "note": "take care"})
    assert explain("RU", told_with, {}) == "RU is crowded: 600 on 0001-01-03; 1 report; take care; closed on 0001-01-04"


def test_a_correction_takes_it_away_by_its_noun() -> None:
    one = told(claim(600, "2022-09-01", id="r"), rules=parse_rules(ON, "rules"))
    withdrawn = one.take(claim(300, "2022-09-01", id="r", published="2022-10-21T00:00:00Z"))
    assert [(alert.flow, alert.state.value) for alert in withdrawn] == [("RU:KZ", "withdrawn"), ("RU", "withdrawn")]
    assert all("there is no crowd from 2022-09-01 on any more" in alert.explanation for alert in withdrawn)


def test_cap_is_headed_by_its_headline() -> None:
    (alert, *_) = alerts(600)
    info = ET.fromstring(cap([alert], "bordertally", "http://board")).find(f"{{{NAMESPACE}}}info")
    assert info is not None
    assert info.findtext(f"{{{NAMESPACE}}}event") == "A crowd at a border"
    assert "RU:KZ is crowded" in (info.findtext(f"{{{NAMESPACE}}}headline") or "")


# --- silences and scenarios ------------------------------------------------------------------------------------


def test_its_alerts_alone_are_silenced(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Silence] = []

    async def send(_: Settings, silence: Silence) -> None:
        sent.append(silence)

    monkeypatch.setattr(commands, "_send", send)
    options = ["--to", "127.0.0.1:9", "--until", "2h", "--comment", "known", "--author", "me", "--rule", "crowd"]
    done = CliRunner().invoke(cli, ["silences", "add", "RU", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (silence,) = sent
    now = datetime.now(UTC)
    (alert, *_) = alerts(600)
    assert silenced(alert, [silence], now) == silence
    other = told(daily([400, 900]), rules=parse_rules('[[baselines]]\nflow = "RU:KZ"\ndaily = 400', "rules")).desk.log
    assert {(one.rule, silenced(one, [silence], now)) for one in other} == {("daily-rate", None)}


def test_a_rule_that_is_not_registered_cannot_be_silenced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, "crowd")
    now = datetime.now(UTC)
    with pytest.raises(BordertallyError, match=r"^rule: crowd is none of daily-rate, drop"):
        make_silence("RU", until=datetime.max.replace(tzinfo=UTC), author="me", comment="x", now=now, rule="crowd")


def test_a_scenario_wants_it_by_name() -> None:
    counts = 'counts = { source = "b", flow = "RU:KZ", first = 2022-09-01, people = "400 600" }'
    want = ", ".join(f'{{ flow = "{flow}", rule = "crowd", since = 2022-09-02 }}' for flow in ("RU", "RU:KZ"))
    step = f"[[scenario.step]]\nat = 2022-10-20T00:00:00Z\n{counts}\nwant = [{want}]"
    (scenario,) = parse_scenarios(f'[[scenario]]\nname = "x"\n{step}', "s.toml").scenario
    assert play(scenario, REGISTRY, parse_rules(ON, "rules")) == []
    assert len(play(scenario, REGISTRY, Rules())) == 2


# --- backtest --------------------------------------------------------------------------------------------------


def backtest(file: Path, *options: str | Path) -> list[dict[str, object]]:
    done = CliRunner().invoke(cli, ["backtest", str(file), *map(str, options), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_a_series_is_gone_back_over_by_it(tmp_path: Path) -> None:
    series, rules, surges = tmp_path / "x.csv", tmp_path / "rules.toml", tmp_path / "surges.csv"
    series.write_text("date,people\n2022-09-01,400\n2022-09-02,600\n2022-09-03,900\n2022-09-04,300\n")
    rules.write_text(ON)
    (row,) = backtest(series, "--rules", rules, "--rule", "crowd")
    crowd = {"first": "2022-09-02", "last": "2022-09-03", "severity": "warning", "about": None}
    assert (row["rule"], row["method"], row["alerts"], row["false_alarms"]) == ("crowd", "rules", [crowd], [])
    assert backtest(series, "--set", "crowd=950", "--rule", "crowd")[0]["alerts"] == []
    surges.write_text("first,last,rule\n2022-09-01,2022-09-03,crowd\n")
    (row,) = backtest(series, "--rules", rules, "--rule", "crowd", "--episodes", surges)
    assert [one["days_late"] for one in row["surges"]] == [1]  # type: ignore[attr-defined]
    shown = CliRunner().invoke(cli, ["backtest", str(series), "--rules", str(rules), "--episodes", str(surges)])
    assert "Days late, by episode" in shown.output


def test_it_is_off_without_its_setting(tmp_path: Path) -> None:
    series = tmp_path / "x.csv"
    series.write_text("date,people\n2022-09-01,400\n")
    with pytest.raises(BordertallyError, match="--rule: crowd is off; set crowd in the rules file"):
        backtest(series, "--rule", "crowd")


def test_a_rule_that_needs_reports_is_not_tried_on_a_series(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    picky = Rule("crowd", crowds, describe, "", "", SETTING, needs_reports=True)
    monkeypatch.setitem(RULES, "crowd", picky)
    series = tmp_path / "x.csv"
    series.write_text("date,people\n2022-09-01,600\n")
    with pytest.raises(BordertallyError, match="--rule: crowd needs reports"):
        backtest(series, "--set", "crowd=500", "--rule", "crowd")
    assert [row["rule"] for row in backtest(series, "--set", "crowd=500", "--method", "rules")] == ["daily-rate"]


def test_reports_are_gone_back_over_by_it(tmp_path: Path) -> None:
    reports = tmp_path / "x.ndjson"
    sources = tmp_path / "sources.toml"
    sources.write_text('[sources.b]\nname = "Bureau B"\nflows = ["RU"]\ngrade = "B"\n')
    reports.write_bytes(b"\n".join(report(one, f"2022-09-0{day}", id=f"r{day}") for day, one in ((1, 400), (2, 600))))
    rows = backtest(reports, "--sources", sources, "--set", "crowd=500", "--rule", "crowd")
    assert {row["flow"]: len(row["alerts"]) for row in rows} == {"RU": 1, "RU:KZ": 1}  # type: ignore[arg-type]
