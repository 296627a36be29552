"""E-mail by a live worker to a local SMTP server: alerts, digests, a server that is busy, and who leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import make_silence
from forking import run
from live import Live, page, pure, until
from unit.kit import alert_record

pytestmark = pytest.mark.kafka

SUBSCRIBERS = """
[subscribers.duty]
to = "Duty desk <duty@relief.example>"
flows = ["RU", "UA"]
digest = "{now}"

[subscribers.gone]
to = "gone@relief.example"
flows = ["UA"]

[subscribers.night]
to = "night@relief.example"
severities = ["critical"]
"""


FOLLOWED_S = 1.0
"""Seconds after which every worker knows of a record on a small topic; they poll several times a second."""


class Mailbox:
    """The handler of the SMTP server. `busy`: it takes no mail for now; nobody lives at `gone@`."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.busy, self.turned_away = False, 0

    async def handle_RCPT(  # noqa: N802 - the names that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("gone@"):
            return "550 nobody lives here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.busy:
            self.turned_away += 1
            return "451 busy"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append((envelope.rcpt_tos[0].partition("@")[0], message))
        return "250 OK"

    def to(self, name: str) -> list[str]:
        """The subjects of the mails to a subscriber."""
        return [str(message["Subject"]) for address, message in self.mails if address == name]


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


class Post(NamedTuple):
    """The pipeline, its workers for e-mail, its gateway, and what arrives."""

    live: Live
    workers: list[Server]
    gateway: Server
    box: Mailbox

    async def alert(self, flow: str, severity: str = "critical", seq: int = 1) -> Alert:
        """Put a record on the topic."""
        record = msgspec.structs.replace(alert_record(flow, severity=severity), seq=seq)
        await self.live.send([Record(self.live.topics.alerts, flow.encode(), msgspec.json.encode(record))])
        return record

    async def subjects(self, name: str, count: int) -> list[str]:
        """The subjects of the mails to a subscriber, once there are so many; there must be no more."""

        async def there() -> bool:
            return len(self.box.to(name)) >= count

        await until(there, f"{count} mails to {name}")
        assert len(self.box.to(name)) == count
        return self.box.to(name)

    async def command(self, *words: str) -> tuple[int, str, str]:
        environment = self.live.environment | {"BORDERTALLY_TOPIC_PREFIX": self.live.topics.prefix}
        done = await asyncio.to_thread(run, "email", *words, environment=environment)
        return done.returncode, done.stdout, done.stderr.strip()


async def test_alerts_and_digests_reach_those_who_want_them_until_they_leave(
    live_on_kafka: Live, tmp_path: Path, mailbox: tuple[Mailbox, int]
) -> None:
    live, (box, port) = live_on_kafka, mailbox
    live.worker(BORDERTALLY_HOPS="intake,ledger,alerts,delivery")
    await live.publish(sample())
    await live.shows(pure(sample()))
    await live.shows_alerts(pure(sample()))
    file = tmp_path / "email.toml"
    file.write_text(SUBSCRIBERS.format(now=f"{datetime.now(UTC) - timedelta(minutes=1):%H:%M}"))
    live.environment |= {
        "BORDERTALLY_EMAIL": str(file),
        "BORDERTALLY_EMAIL_FROM": "Border desk <desk@tally.example>",
        "BORDERTALLY_EMAIL_SECRET": "s" * 32,
        "BORDERTALLY_SMTP_HOST": "127.0.0.1",
        "BORDERTALLY_SMTP_PORT": str(port),
        "BORDERTALLY_SMTP_SECURITY": "plain",
        "BORDERTALLY_PUBLIC_URL": "https://tally.example",
    }
    post = Post(live, [live.worker(BORDERTALLY_HOPS="email") for _ in range(2)], live.gateway(), box)
    await has_one_digest(post)
    message = await is_tried_again(post)
    await is_not_sent_while_muted_and_given_up_where_refused(post)
    await leaves_and_comes_back(post, str(message["List-Unsubscribe"]).strip("<>"))
    assert await post.command("test", "night") == (0, "", "night: sent")


async def has_one_digest(post: Post) -> None:
    """One, although two workers look for it; and no mail on an alert from before."""
    (digest,) = await post.subjects("duty", 1)
    assert digest.startswith("Border crossings, ")
    assert digest.endswith(": 2 open alerts")
    body = post.box.mails[0][1].get_body(("plain",))
    assert body is not None
    assert "217,000  at least 196,929" in body.get_content()


async def is_tried_again(post: Post) -> EmailMessage:
    """A server that takes no mail for now gets it later, once."""
    post.box.busy = True
    told = await post.alert("RU:GE")

    async def turned_away() -> bool:
        return post.box.turned_away >= 2

    await until(turned_away, "the mail is tried again")
    post.box.busy = False
    _, subject = await post.subjects("duty", 2)
    assert subject.startswith("Alert, critical: ")
    await post.subjects("night", 1)
    message = next(message for name, message in post.box.mails if name == "duty" and message["References"])
    assert message["From"] == "Border desk <desk@tally.example>"
    assert told.id in message["References"]
    assert message["Auto-Submitted"] == "auto-generated"
    return message


async def is_not_sent_while_muted_and_given_up_where_refused(post: Post) -> None:
    live, now = post.live, datetime.now(UTC)
    silence = make_silence("RU:KZ", until=now + timedelta(hours=1), author="ann", comment="known", now=now)
    await live.send([Record(live.topics.silences, silence.id.encode(), msgspec.json.encode(silence))])
    await asyncio.sleep(FOLLOWED_S)
    await post.alert("RU:KZ")
    await post.alert("UA", "warning")  # not severe enough for night, and refused for gone
    assert (await post.subjects("duty", 3))[2].startswith("Alert, warning: ")

    async def refused() -> bool:
        shown = "".join(page(worker.port, "/metrics") for worker in post.workers)
        return 'email_sent_total{kind="alert",outcome="refused"} 1.0' in shown

    await until(refused, "the refusal is counted")


async def leaves_and_comes_back(post: Post, address: str) -> None:
    link = urlsplit(address)
    here = f"http://{post.gateway.address}{link.path}?{link.query}"
    async with aiohttp.ClientSession() as http:
        async with http.get(here) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
            assert "Subscriber duty will receive no more e-mail" in await answer.text()
        async with http.get(f"{here[:-1]}x") as answer:
            assert answer.status == 404
        async with http.post(here, data={"List-Unsubscribe": "One-Click"}) as answer:
            assert answer.status == 200
    await asyncio.sleep(FOLLOWED_S)
    await post.alert("RU:GE", seq=2)
    await post.subjects("night", 2)
    assert len(post.box.to("duty")) == 3
    _, listed, _ = await post.command("list", "--json")
    states = {row["name"]: row["subscribed"] for row in msgspec.json.decode(listed)["subscribers"]}
    assert states == {"duty": False, "gone": True, "night": True}
    assert await post.command("subscribe", "duty") == (0, "", "duty: subscribed")
    await asyncio.sleep(FOLLOWED_S)
    await post.alert("RU:GE", seq=3)
    await post.subjects("duty", 4)
