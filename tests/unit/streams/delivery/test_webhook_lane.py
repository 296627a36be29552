from __future__ import annotations

from email.utils import formatdate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.alerts.records import AlertState
from bordertally.streams.delivery.subscriptions import AlertHead, Policy, Subscription
from bordertally.streams.delivery.webhook_lane import (
    JITTER,
    LONGEST_HOLD_S,
    MOST_WAITING,
    EventPosition,
    Lane,
    Reply,
    Verdict,
    admit,
    after,
    body,
    delay,
    next_due,
    ready,
    release,
    retry_after,
    webhook_id,
)
from bordertally.streams.rules.config import SEVERITIES

DAY = 86_400.0
POLICY = Policy((5.0, 30.0, 120.0), 3 * DAY, 15.0)
ALL = Subscription(name="all", url="https://x.example", secrets=("env:X",))
SEVERE = msgspec.structs.replace(ALL, severities=("critical",))
OK, BAD = Reply(204), Reply(500)
EMPTY = Lane(next=0, joined=0.0)


def alert(
    name: str = "a", seq: int = 1, state: str = "firing", severity: str = "warning", flow: str = "RU:GE"
) -> AlertHead:
    return AlertHead(name, seq, flow, "daily-rate", AlertState(state), severity, severity)


def filled(*alerts: AlertHead, subscription: Subscription = ALL, lane: Lane = EMPTY) -> Lane:
    for alert in alerts:
        lane = admit(lane, EventPosition(lane.next, 0.0), alert, subscription)
    return lane


# --- what is read ----------------------------------------------------------------------------------------------


def test_what_a_subscription_does_not_want_is_passed_over() -> None:
    lane = filled(alert(severity="notice"), alert("b", severity="critical"), subscription=SEVERE)
    assert (lane.next, [waiting.alert for waiting in lane.waiting]) == (2, ["b"])
    assert filled(alert(flow="RU:KZ"), subscription=msgspec.structs.replace(ALL, flows=("RU:GE",))).count == 0
    assert admit(EMPTY, EventPosition(0, 0.0), None, ALL) == msgspec.structs.replace(EMPTY, next=1)


def test_minor_records_are_sent_to_nobody_and_old_news_to_who_asks_for_it() -> None:
    minor, old = (msgspec.structs.replace(alert("b"), **{field: True}) for field in ("minor", "backfill"))
    assert filled(minor, old).count == 0
    assert filled(minor, old, subscription=msgspec.structs.replace(ALL, backfill=True)).count == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(SEVERITIES)), max_size=30))
def test_whoever_is_told_of_an_alert_is_told_all_that_follows(history: list[tuple[str, str]]) -> None:
    lane = filled(*(alert(name, severity=severity) for name, severity in history), subscription=SEVERE)
    sent = {waiting.alert: [event.offset for event in waiting.events] for waiting in lane.waiting}
    for name in "abc":
        every = [place for place, (alert, _) in enumerate(history) if alert == name]
        first = next((place for place in every if history[place][1] == "critical"), None)
        assert sent.get(name, []) == ([] if first is None else [place for place in every if place >= first])


# --- what is sent, and what comes of it ------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from("abcd"), max_size=40),
    st.lists(st.sampled_from([200, 204, 302, 404, 429, 500, 503, None]), min_size=400, max_size=400),
    st.floats(0, 100),
)
def test_each_alert_in_order_each_event_at_least_once_nothing_lost(
    names: list[str], statuses: list[int | None], hold: float
) -> None:
    lane, now, todo = EMPTY, 0.0, list(enumerate(names))
    taken: dict[str, list[int]] = {name: [] for name in "abcd"}
    answers = iter(statuses)
    while todo or lane.waiting:
        while todo and lane.room:
            offset, name = todo.pop(0)
            lane = admit(lane, EventPosition(offset, now), alert(name), ALL)
        for waiting in ready(lane, now, ()):
            status = next(answers, 200)
            if status is not None and status < 300:
                taken[waiting.alert].append(waiting.head.offset)
            lane, _ = after(lane, waiting.alert, Reply(status, retry_after=hold), now, POLICY)
        due = next_due(lane, ())
        now = now if due is None else max(now, due)
    assert taken == {name: [place for place, alert in enumerate(names) if alert == name] for name in "abcd"}
    assert lane.next == len(names)


@given(st.integers(1, 50), st.text(max_size=10))
def test_waits_are_those_of_the_schedule_and_up_to_a_quarter_more(attempts: int, seed: str) -> None:
    base = POLICY.schedule[min(attempts, 3) - 1]
    assert base <= delay(POLICY, attempts, seed) <= base * (1 + JITTER)
    assert delay(POLICY, attempts, seed) == delay(POLICY, attempts, seed)


def test_a_wait_differs_from_alert_to_alert() -> None:
    assert len({delay(POLICY, 1, str(number)) for number in range(100)}) > 90


def test_what_fails_waits_and_counts() -> None:
    lane, verdict = after(filled(alert()), "a", BAD, 100.0, POLICY)
    (waiting,) = lane.waiting
    assert (verdict, waiting.attempts, lane.fails) == (Verdict.FAILED, 1, 1)
    assert 105 <= waiting.due <= 106.25
    assert ready(lane, 104.0, ()) == []
    assert ready(lane, waiting.due, ()) == [waiting]
    assert ready(lane, waiting.due, {"a"}) == []
    assert msgspec.json.decode(msgspec.json.encode(lane), type=Lane) == lane


def test_an_event_is_given_up_when_it_is_too_old_and_the_next_goes_on() -> None:
    lane = filled(alert(), alert(seq=2))
    lane, verdict = after(lane, "a", BAD, 3 * DAY - 1, POLICY)
    assert verdict is Verdict.FAILED
    lane, verdict = after(lane, "a", BAD, 3 * DAY, POLICY)
    assert verdict is Verdict.GIVEN_UP
    assert [(waiting.head.offset, waiting.attempts, waiting.due) for waiting in lane.waiting] == [(1, 0, 0.0)]


def test_what_is_read_long_after_it_was_said_has_its_time_from_when_the_lane_began() -> None:
    lane = filled(alert(), lane=Lane(next=0, joined=100 * DAY))
    assert after(lane, "a", BAD, 102 * DAY, POLICY)[1] is Verdict.FAILED
    assert after(lane, "a", BAD, 103 * DAY, POLICY)[1] is Verdict.GIVEN_UP


def test_when_an_endpoint_that_was_down_answers_all_goes_out() -> None:
    lane = filled(alert("a"), alert("b"), alert("c"))
    for name in "abc":
        lane, _ = after(lane, name, BAD, 0.0, POLICY)
    assert ready(lane, 1.0, ()) == []
    lane, verdict = after(lane, "a", OK, 7.0, POLICY)
    assert verdict is Verdict.DELIVERED
    assert [waiting.alert for waiting in ready(lane, 7.0, ())] == ["b", "c"]


def test_one_alert_that_is_refused_is_not_tried_at_each_success_of_another() -> None:
    lane, _ = after(filled(alert("a"), alert("b")), "a", Reply(400), 0.0, POLICY)
    lane, _ = after(lane, "b", OK, 1.0, POLICY)
    assert ready(lane, 1.0, ()) == []


def test_410_keeps_the_event_for_when_it_is_enabled() -> None:
    lane, verdict = after(filled(alert()), "a", Reply(410), 9.0, POLICY)
    assert (verdict, lane.count) == (Verdict.GONE, 1)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_holds_the_whole_lane(status: int) -> None:
    lane, _ = after(filled(alert("a"), alert("b")), "a", Reply(status, retry_after=60.0), 0.0, POLICY)
    assert ready(lane, 59.0, ()) == []
    assert [waiting.alert for waiting in ready(lane, 60.0, ())] == ["a", "b"]
    assert next_due(lane, ()) == 60.0


def test_retry_after_of_one_event_is_heeded_for_that_event() -> None:
    lane, _ = after(filled(alert("a"), alert("b")), "a", Reply(500, retry_after=60.0), 0.0, POLICY)
    assert [waiting.alert for waiting in ready(lane, 59.0, ())] == ["b"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 30, LONGEST_HOLD_S),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 9999 00:00:00 GMT", LONGEST_HOLD_S),
    ],
)
def test_retry_after_in_seconds_and_as_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, 100.0) == seconds


DATES = st.integers(-(10**9), 4 * 10**9).map(lambda at: formatdate(at, usegmt=True))
ASKED = st.integers(0, 10**9).map(str) | DATES | st.text("0123456789-+. GMT", max_size=12) | st.text(max_size=40)


@given(ASKED)
def test_any_retry_after_is_a_bounded_wait(text: str) -> None:
    seconds = retry_after(text, 0.0)
    assert seconds is None or 0 <= seconds <= LONGEST_HOLD_S


def test_a_full_lane_has_no_room() -> None:
    lane = filled(*(alert(str(number % 7), seq=number) for number in range(MOST_WAITING)))
    assert (lane.room, filled(alert()).room) == (0, MOST_WAITING - 1)


# --- silences --------------------------------------------------------------------------------------------------


def hushed(*alerts: AlertHead) -> Lane:
    lane = EMPTY
    for alert in alerts:
        lane = admit(lane, EventPosition(lane.next, 0.0), alert, ALL, quiet=True)
    return lane


def test_a_silenced_alert_is_told_of_when_the_silence_ends_by_its_latest_event() -> None:
    lane = hushed(alert(), alert(seq=2, state="updated"))
    assert (lane.count, len(lane.quiet)) == (0, 1)
    assert release(lane, ALL, lambda _: True) == lane
    lane = release(lane, ALL, lambda _: False)
    assert [(waiting.alert, waiting.head.offset) for waiting in lane.waiting] == [("a", 1)]
    assert lane.quiet == ()


def test_of_an_alert_that_came_and_went_in_a_silence_nobody_is_told() -> None:
    lane = release(hushed(alert(), alert(seq=2, state="resolved")), ALL, lambda _: False)
    assert (lane.count, lane.quiet) == (0, ())


def test_that_an_alert_is_over_is_told_if_it_was_told_before_the_silence() -> None:
    lane = release(hushed(alert(seq=5, state="resolved")), ALL, lambda _: False)
    assert lane.count == 1


def test_after_a_silence_what_is_new_does_not_overtake_what_was_kept() -> None:
    lane = hushed(alert())
    lane = admit(lane, EventPosition(1, 0.0), alert(seq=2, state="updated"), ALL)
    assert [waiting.head.offset for waiting in release(lane, ALL, lambda _: False).waiting] == [1]


def test_what_is_sent() -> None:
    assert webhook_id("a8ce3581271acf50", 2) == "a8ce3581271acf50-2"
    sent = body("alert.firing", "2022-09-28T08:00:00Z", b'{"id":"a"}')
    assert sent == b'{"type":"alert.firing","timestamp":"2022-09-28T08:00:00Z","data":{"id":"a"}}'
