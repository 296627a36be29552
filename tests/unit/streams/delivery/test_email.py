from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest

from bordertally.agents.delivery.email.config import load_templates
from bordertally.agents.demo.run import sample
from bordertally.streams.alerts.records import AlertState
from bordertally.streams.delivery.email import Links, MailTemplate, alert_mail, digest_mail
from bordertally.streams.delivery.email_subscribers import Subscriber
from bordertally.streams.errors import ConfigError
from bordertally.streams.totals.records import Quote
from live import pure
from unit.kit import alert_record

DUTY = Subscriber(name="duty", to="duty@relief.example")
LINKS = Links("https://tally.example", "https://tally.example/unsubscribe?token=t", {"ge-mia": "Georgia's ministry"})
ALERT = msgspec.structs.replace(
    alert_record("RU:GE", severity="warning"),
    explanation="RU:GE 10,000 <b>now</b>",
    quotes=[Quote("r1", "ge-mia", "10,000 & more\x1b[2J")],
)
TEMPLATES = load_templates(None)


class Tags(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [tag, *(value for name, value in attrs if name == "href" and value)]


def test_a_mail_says_what_happened_and_quotes_the_sources() -> None:
    mail = alert_mail(DUTY, [ALERT], TEMPLATES.alert, LINKS)
    assert mail.subject == "Alert, warning: RU:GE 10,000 <b>now</b>"
    assert mail.text.splitlines() == [
        "Alert, warning: RU:GE 10,000 <b>now</b>",
        "    “10,000 & more\\x1b[2J” (Georgia's ministry)",
        "    https://tally.example/#flow=RU:GE",
        "",
        "Board: https://tally.example",
        "You receive this mail as duty, subscribed to all flows.",
        "Unsubscribe: https://tally.example/unsubscribe?token=t",
    ]
    assert "<b>now" not in mail.html
    assert "RU:GE 10,000 &lt;b&gt;now&lt;/b&gt;" in mail.html
    assert Tags(mail.html).seen.count("https://tally.example/unsubscribe?token=t") == 1
    assert "10,000 &amp; more" in mail.html


def test_without_a_public_address_no_line_points_nowhere() -> None:
    mail = alert_mail(DUTY, [ALERT], TEMPLATES.alert, Links())
    assert "Board" not in mail.text + mail.html
    assert "nsubscribe" not in mail.text + mail.html
    assert Tags(mail.html).seen.count("a") == 0


def test_the_id_follows_from_subscriber_and_records_and_the_thread_from_the_alert() -> None:
    ended = msgspec.structs.replace(ALERT, seq=ALERT.seq + 1, state=AlertState.RESOLVED)
    other = msgspec.structs.replace(DUTY, name="night")
    first, again, later, elsewhere = (
        alert_mail(subscriber, [alert], TEMPLATES.alert, LINKS)
        for subscriber, alert in ((DUTY, ALERT), (DUTY, ALERT), (DUTY, ended), (other, ALERT))
    )
    assert first == again
    assert len({first.id, later.id, elsewhere.id}) == 3
    assert {first.thread, later.thread} == {ALERT.id}
    assert later.subject.startswith("Resolved, warning: ")


def test_many_records_are_one_mail_of_no_thread() -> None:
    mail = alert_mail(DUTY, [ALERT, alert_record("RU:KZ"), alert_record("UA")], TEMPLATES.alert, LINKS)
    flows = "Everyone leaving Ukraine, Russia to Georgia, Russia to Kazakhstan"
    assert (mail.subject, mail.thread) == (f"3 alerts: {flows}", None)


def test_a_digest_has_the_flows_with_an_alert_first_then_the_largest() -> None:
    desk = pure(sample())
    newest = {alert.id: alert for alert in desk.log}
    mail = digest_mail(
        msgspec.structs.replace(DUTY, flows=("RU:GE", "RU:KZ")),
        list(desk.states.values()),
        list(newest.values()),
        TEMPLATES.digest,
        LINKS,
        "2022-09-28",
    )
    assert mail.subject == "Border crossings, 2022-09-28: 1 open alert"
    rows = mail.text.partition("latest day:\n\n")[2].partition("\n\n")[0].splitlines()
    assert rows[0].startswith("Russia to Georgia  ")
    assert " 53,000  53,000 to 54,000  " in rows[0]
    assert rows[0].endswith("53,000 to 54,000  10,000 on 2022-09-27, 1.8 times normal")
    assert rows[1].startswith("Russia to Kazakhstan  ")
    assert "98,000  97,500 to 98,500" in rows[1]
    assert not any(row.startswith(("Everyone leaving", "Russia to European Union")) for row in rows)
    assert "subscribed to Russia to Georgia, Russia to Kazakhstan." in mail.text
    assert Tags(mail.html).seen.count("tr") == len(rows) + 1


@pytest.mark.parametrize(
    ("text", "html", "why"),
    [
        ("Subject: $what\n$colour", "", r"mine\.txt: 'colour' is no placeholder; there are \$what"),
        ("Subject: x", "$", r"mine\.html: "),
        ("Hello", "", r"mine\.txt: its first line must be"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(text: str, html: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        MailTemplate(text, html).check("mine")
