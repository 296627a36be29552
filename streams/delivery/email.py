"""E-mails for people: templates turn alerts and digests into text and HTML."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import NamedTuple

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.delivery.email_subscribers import Subscriber
from bordertally.streams.errors import ConfigError
from bordertally.streams.flow_names import flow_title
from bordertally.streams.rules.config import times_expected
from bordertally.streams.totals.records import FlowState, Total
from bordertally.streams.totals.windows import WEEK, total_in
from bordertally.streams.totals.wording import interval
from bordertally.streams.visible_text import visible

MOST_FLOWS = 30
"""Rows of a digest."""

PLACEHOLDERS = ("what", "headline", "alerts", "figures", "flows", "name", "board", "unsubscribe")
STATES = {
    AlertState.FIRING: "Alert",
    AlertState.UPDATED: "Update",
    AlertState.RESOLVED: "Resolved",
    AlertState.WITHDRAWN: "Withdrawn",
}


class MailTemplate(NamedTuple):
    """Text and HTML of a kind of mail; the first line of `text` is `Subject: ...`. `$name` stands for a value."""

    text: str
    html: str

    def check(self, where: str) -> None:
        """Raise ConfigError for a template that cannot be filled."""
        for kind, template in (("txt", self.text), ("html", self.html)):
            try:
                string.Template(template).substitute(dict.fromkeys(PLACEHOLDERS, ""))
            except (KeyError, ValueError) as error:
                known = ", ".join(f"${name}" for name in PLACEHOLDERS)
                raise ConfigError(f"{where}.{kind}: {error} is no placeholder; there are {known}") from None
        if not self.text.startswith("Subject: "):
            raise ConfigError(f"{where}.txt: its first line must be `Subject: ...`")

    def filled(self, plain: Mapping[str, str], marked: Mapping[str, str]) -> tuple[str, str, str]:
        """Return subject, text and HTML. Lines whose placeholders all have empty values are left out."""
        subject, _, body = string.Template(_without_empty(self.text, plain)).substitute(plain).partition("\n")
        html = string.Template(_without_empty(self.html, marked)).substitute(marked)
        return visible(subject.removeprefix("Subject: ").strip()), body.strip() + "\n", html


class Mail(NamedTuple):
    """A mail to one subscriber. `id` is the same for the same content, `thread` for all mails on one alert."""

    subject: str
    text: str
    html: str
    id: str
    thread: str | None


class Links(NamedTuple):
    """What a mail refers to. `board`: where the board is; `unsubscribe`: how to leave; empty without a public address.

    `names`: the names of sources by id; a source that has left the registry is named by its id.
    """

    board: str = ""
    unsubscribe: str = ""
    names: Mapping[str, str] = MappingProxyType({})

    def name(self, source: str) -> str:
        """The name of a source."""
        return self.names.get(source, source)

    def of(self, flow: str) -> str:
        """The address of a flow on the board."""
        return f"{self.board}/#flow={flow}" if self.board else ""


def alert_mail(subscriber: Subscriber, alerts: Sequence[Alert], template: MailTemplate, links: Links) -> Mail:
    """The mail on records of alerts; mostly one."""
    first = alerts[0]
    what = f"{STATES[first.state]}, {first.severity}" if len(alerts) == 1 else f"{len(alerts)} alerts"
    flows = sorted({flow_title(alert.flow) for alert in alerts})
    headline = first.explanation if len(alerts) == 1 else ", ".join(flows)
    plain = _values(subscriber, links, what, headline)
    lines = [_alert_text(alert, links) for alert in alerts]
    marked = {name: escape(value) for name, value in plain.items()}
    marked["alerts"] = "".join(_alert_html(alert, links) for alert in alerts)
    subject, text, html = template.filled(plain | {"alerts": "\n".join(lines)}, marked)
    ids = [f"{alert.id}.{alert.seq}" for alert in alerts]
    return Mail(subject, text, html, _id(subscriber, ids), first.id if len(alerts) == 1 else None)


def digest_mail(  # noqa: PLR0913, PLR0917 - what a digest is made of
    subscriber: Subscriber,
    states: Sequence[FlowState],
    alerts: Sequence[Alert],
    template: MailTemplate,
    links: Links,
    slot: str,
) -> Mail:
    """The digest of a day (`slot`): the open alerts and the largest flows that the subscriber follows."""
    open_alerts = [alert for alert in alerts if alert.state.is_open and subscriber.follows(alert.flow)]
    rows = _rows(subscriber, states, {alert.flow for alert in open_alerts})
    what = f"{slot}: {len(open_alerts) or 'no'} open alert{'' if len(open_alerts) == 1 else 's'}"
    headline = ", ".join(f"{flow_title(state.flow)} {total.best:,}" for state, total in rows[:3]) or "no figures yet"
    plain = _values(subscriber, links, what, headline)
    marked = {name: escape(value) for name, value in plain.items()}
    plain["alerts"] = "\n".join(_alert_text(alert, links) for alert in open_alerts) or "No open alert."
    marked["alerts"] = "".join(_alert_html(alert, links) for alert in open_alerts) or "<p>No open alert.</p>"
    cells = [(flow_title(state.flow), f"{total.best:,}", interval(total), _against(state)) for state, total in rows]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(3)]
    plain["figures"] = "\n".join(
        f"{flow:<{widths[0]}}  {best:>{widths[1]}}  {bounds:<{widths[2]}}  {against}".rstrip()
        for flow, best, bounds, against in cells
    )
    marked["figures"] = "".join(
        f"<tr><td>{escape(flow)}</td><td align=right>{best}</td><td>{bounds}</td><td>{escape(against)}</td></tr>"
        for flow, best, bounds, against in cells
    )
    subject, text, html = template.filled(plain, marked)
    return Mail(subject, text, html, _id(subscriber, ["digest", slot]), None)


def _rows(subscriber: Subscriber, states: Sequence[FlowState], alerting: set[str]) -> list[tuple[FlowState, Total]]:
    """The flows of a digest with their week: those with an alert, then the largest."""
    weeks = [(state, total_in(WEEK, state.totals)) for state in states if subscriber.follows(state.flow)]
    rows = [(state, total) for state, total in weeks if total is not None]
    return sorted(rows, key=lambda row: (row[0].flow not in alerting, -row[1].best, row[0].flow))[:MOST_FLOWS]


def _values(subscriber: Subscriber, links: Links, what: str, headline: str) -> dict[str, str]:
    return {
        "what": what,
        "headline": visible(headline),
        "figures": "",
        "alerts": "",
        "flows": ", ".join(_pattern_words(flow) for flow in subscriber.flows),
        "name": subscriber.name,
        "board": links.board,
        "unsubscribe": links.unsubscribe,
    }


def _pattern_words(pattern: str) -> str:
    """A pattern of flows as people read it; one that stands for several flows stays as it is."""
    if pattern == "*":
        return "all flows"
    return pattern if "*" in pattern.split(":")[1:] else flow_title(pattern)


def _alert_text(alert: Alert, links: Links) -> str:
    lines = [f"{STATES[alert.state]}, {alert.severity}: {visible(alert.explanation)}"]
    lines += [f"    “{visible(quote.text)}” ({links.name(quote.source)})" for quote in alert.quotes]
    if link := links.of(alert.flow):
        lines.append(f"    {link}")
    return "\n".join([*lines, ""])


def _alert_html(alert: Alert, links: Links) -> str:
    head = f"<b>{STATES[alert.state]}, {escape(alert.severity)}:</b> {escape(visible(alert.explanation))}"
    quotes = "".join(
        f"<blockquote>{escape(visible(quote.text))} ({escape(links.name(quote.source))})</blockquote>"
        for quote in alert.quotes
    )
    link = links.of(alert.flow)
    more = f'<br><a href="{escape(link)}">On the board</a>' if link else ""
    return f"<p>{head}{more}</p>{quotes}"


def _against(state: FlowState) -> str:
    """The latest day against the normal level, where the two can be compared."""
    if state.rate is None:
        return ""
    day = f"{round(state.rate):,} on {state.rate_day}"
    level = state.baseline
    if level is None or not level.expected or not (state.comparable or state.rate > level.threshold):
        return day
    return f"{day}, {times_expected(state.rate, level.expected):.1f} times normal"


def _without_empty(template: str, values: Mapping[str, str]) -> str:
    """Return the template without the lines whose placeholders all have empty values."""
    kept = []
    for line in template.splitlines():
        named = [name for name in PLACEHOLDERS if f"${name}" in line]
        if not named or any(values[name] for name in named):
            kept.append(line)
    return "\n".join(kept)


def _id(subscriber: Subscriber, parts: Sequence[str]) -> str:
    return hashlib.sha256("|".join([subscriber.key, *parts]).encode()).hexdigest()[:32]
