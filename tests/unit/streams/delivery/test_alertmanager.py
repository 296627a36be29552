from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.delivery.alertmanager import KEEP_S, Entry, Posted, Roster, labels, targets
from bordertally.streams.errors import ConfigError
from bordertally.streams.rules.config import SEVERITIES
from bordertally.streams.totals.records import Quote
from unit.kit import alert_record

NOW = datetime(2022, 9, 28, 12, tzinfo=UTC).timestamp()


def taken(*alerts: Alert, at: float = NOW) -> Roster:
    roster = Roster()
    for offset, alert in enumerate(alerts):
        roster.apply(Entry(alert, 0, offset, at), at)
    return roster


def due_posts(roster: Roster, now: float = NOW) -> dict[str, Posted]:
    return {key[-1][1]: post for key, post in roster.due(now, 60.0, lambda _: False, "https://b.example").items()}


def test_an_open_alert_ends_a_little_ahead() -> None:
    post = due_posts(taken(alert_record()))["warning"]
    assert post.labels == {
        "alertname": "BorderDailyRate",
        "flow": "RU:GE",
        "origin": "RU",
        "rule": "daily-rate",
        "severity": "warning",
    }
    assert (post.startsAt, post.endsAt) == ("2022-09-26T00:00:00.000Z", "2022-09-28T12:04:00.000Z")
    assert post.generatorURL == f"https://b.example/v1/alerts/{alert_record().id}"
    assert (post.annotations["summary"], post.annotations["reports"]) == ("explained", "ge-1, no-2")
    assert "quotes" not in post.annotations


def test_old_news_is_not_posted() -> None:
    assert due_posts(taken(msgspec.structs.replace(alert_record(), backfill=True))) == {}


def test_the_words_it_rests_on_go_along() -> None:
    quotes = [Quote("ge-1", "ge-mia", "So many came."), Quote("no-2", "north-ossetia", "And more.")]
    post = due_posts(taken(msgspec.structs.replace(alert_record(), quotes=quotes)))["warning"]
    assert post.annotations["quotes"] == "“So many came.” (ge-mia, ge-1)\n“And more.” (north-ossetia, no-2)"


def test_a_resolved_one_ended_when_it_says_and_never_in_the_future() -> None:
    resolved = msgspec.structs.replace(alert_record(seq=2), state=AlertState.RESOLVED, until="2022-09-27")
    assert due_posts(taken(alert_record(), resolved))["warning"].endsAt == "2022-09-27T00:00:00.000Z"
    late = msgspec.structs.replace(resolved, until="2022-09-29")
    assert due_posts(taken(alert_record(), late))["warning"].endsAt == "2022-09-28T12:00:00.000Z"


def test_a_withdrawn_one_says_so() -> None:
    post = due_posts(taken(alert_record(), msgspec.structs.replace(alert_record(seq=2), state=AlertState.WITHDRAWN)))
    assert post["warning"].annotations["ended"] == "withdrawn"
    assert post["warning"].endsAt == "2022-09-28T12:00:00.000Z"


def test_a_new_severity_is_another_alert_and_ends_the_one_before() -> None:
    both = due_posts(taken(alert_record(), alert_record(seq=2, severity="critical")))
    assert (both["warning"].endsAt, both["critical"].endsAt) == ("2022-09-28T12:00:00.000Z", "2022-09-28T12:04:00.000Z")
    assert both["warning"].annotations["ended"] == "now critical"
    back = due_posts(taken(alert_record(), alert_record(seq=2, severity="critical"), alert_record(seq=3)))
    assert back["warning"].endsAt == "2022-09-28T12:04:00.000Z"
    assert back["critical"].annotations["ended"] == "now warning"


def test_what_is_over_is_said_for_a_while() -> None:
    roster = taken(alert_record(), msgspec.structs.replace(alert_record(seq=2), state=AlertState.RESOLVED))
    assert roster.floor(0) == 1
    assert due_posts(roster, NOW + KEEP_S)
    assert not due_posts(roster, NOW + KEEP_S + 1)
    assert roster.floor(0) is None


def test_an_old_end_that_is_read_again_is_not_said() -> None:
    roster = Roster()
    closed = msgspec.structs.replace(alert_record(), state=AlertState.RESOLVED)
    assert not roster.apply(Entry(closed, 0, 0, NOW - KEEP_S - 1), NOW)
    assert due_posts(roster) == {}


def test_the_floor_is_the_oldest_record_still_needed() -> None:
    roster = taken(alert_record(), alert_record(alert="b", flow="RU:KZ"), alert_record(seq=2))
    assert (roster.floor(0), roster.floor(1)) == (1, None)
    roster.forget({0})
    assert roster.floor(0) is None


def test_silenced_alerts_are_not_told_of_unless_they_have_been() -> None:
    roster = taken(alert_record())
    assert roster.due(NOW, 60.0, lambda _: True) == {}
    roster.acknowledge(roster.due(NOW, 60.0, lambda _: False))
    assert len(roster.due(NOW, 60.0, lambda _: True)) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(list(AlertState)), st.sampled_from(SEVERITIES)), max_size=20
    )
)
def test_what_fires_there_is_what_is_open_here(steps: list[tuple[str, AlertState, str]]) -> None:
    newest: dict[str, Alert] = {}
    roster = Roster()
    for offset, (name, state, severity) in enumerate(steps):
        record = msgspec.structs.replace(alert_record(alert=name, seq=offset + 1, severity=severity), state=state)
        newest[name] = record
        roster.apply(Entry(record, 0, offset, NOW), NOW)
        roster.acknowledge(roster.due(NOW, 60.0, lambda _: False))
    fires = {key for key, post in roster.due(NOW, 60.0, lambda _: False).items() if post.endsAt > "2022-09-28T12:00:01"}
    assert fires == {
        labels(record) for record in newest.values() if record.state in (AlertState.FIRING, AlertState.UPDATED)
    }


def test_targets() -> None:
    assert targets(" http://a:9093/ ,https://b/am") == ("http://a:9093", "https://b/am")
    assert targets("") == ()
    with pytest.raises(ConfigError, match="BORDERTALLY_ALERTMANAGER_URL: ftp://a is no address") as failed:
        targets("ftp://me:word@a/secret")
    assert "word" not in str(failed.value)
