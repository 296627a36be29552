"""Where subscriptions lead: references, keys, and that nothing of them shows; and the guard on what is connected to."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from bordertally.agents.delivery.webhooks.endpoints import Endpoint, load_endpoints
from bordertally.agents.delivery.webhooks.send import Sender
from bordertally.agents.runtime.context import load_registry
from bordertally.streams.delivery.subscriptions import Subscription
from bordertally.streams.errors import ConfigError
from bordertally.streams.url_policy import allowed_networks
from webhooks.receiver import Receiver, receiving

KEY = "whsec_" + "b2xk" * 8


def load(directory: Path, url: str = "https://x.example/path-7", secrets: str = '["file:keys"]') -> Endpoint:
    path = directory / "webhooks.toml"
    path.write_text(f'[subscriptions.desk]\nurl = "{url}"\nsecrets = {secrets}\n')
    return load_endpoints(path, load_registry(None)).by_name["desk"]


def test_keys_come_from_files_and_variables_and_an_address_may_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").write_text(f"{KEY}\n\n{KEY}bW9y\n")
    monkeypatch.setenv("THIRD", KEY.removeprefix("whsec_"))
    monkeypatch.setenv("ADDRESS", "https://hooks.example/T0/path-7")
    endpoint = load(tmp_path, "env:ADDRESS", '["file:keys", "env:THIRD"]')
    assert (len(endpoint.keys), endpoint.url) == (3, "https://hooks.example/T0/path-7")
    assert repr(endpoint) == "<desk at https://hooks.example>"


@pytest.mark.parametrize(
    ("url", "secrets", "why"),
    [
        ("https://x.example", '["env:NOT_SET"]', r"secrets\[0\] \(env:NOT_SET\): the variable is not set"),
        (
            "https://x.example",
            '["file:none"]',
            r"secrets\[0\] \(file:none\): the file cannot be read \(FileNotFoundError\)",
        ),
        (
            "https://x.example",
            '["file:short"]',
            r"secrets\[0\] \(file:short\): a secret is whsec_ followed by 24 to 64 bytes",
        ),
        (
            "https://x.example",
            '["file:odd"]',
            r"secrets\[0\] \(file:odd\): a secret is whsec_ followed by 24 to 64 bytes",
        ),
        ("https://x.example", '["file:empty"]', r"secrets\[0\] \(file:empty\): the file is empty"),
        ("env:NOT_SET", '["file:keys"]', r"url: the variable is not set"),
        ("gopher://x.example/path-7", '["file:keys"]', r"url: gopher://x.example must begin with https://"),
        ("https://me:pw@x.example/path-7", '["file:keys"]', r"url: an address must not hold a name and password"),
    ],
)
def test_what_is_wrong_is_one_sentence_without_the_secret(tmp_path: Path, url: str, secrets: str, why: str) -> None:
    for name, text in {"keys": KEY, "short": "whsec_c2hvcnQ=", "odd": "whsec_no!base64" * 4, "empty": "\n"}.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=why) as failed:
        load(tmp_path, url, secrets)
    for secret in ("c2hvcnQ", "no!base64", "path-7", "pw@"):
        assert secret not in str(failed.value)


def sender(receiver: Receiver, host: str, allow: str = "") -> Sender:
    subscription = Subscription(name="desk", url="", secrets=())
    endpoint = Endpoint(subscription, f"http://{host}:{receiver.port}/hook", (Webhook(KEY),))
    return Sender(endpoint, 5.0, allowed_networks(allow))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_no_way_of_writing_loopback_gets_through(host: str) -> None:
    async with receiving() as receiver:
        endpoint = sender(receiver, host)
        reply = await endpoint.send("a-1", b"{}")
        await endpoint.close()
    assert reply.status is None
    assert reply.error in {"refused_target", "name_not_found", "bad_address"}
    assert receiver.got == []


async def test_a_name_that_changes_its_address_is_checked_at_each_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: allowed at first, then somewhere else."""
    addresses = ["127.0.0.1", "127.0.0.2"]

    def resolve(_host: object, port: int, *_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (addresses[0], port))]

    async with receiving(KEY) as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        endpoint = sender(receiver, "rebinding.example", allow="127.0.0.1")
        first = await endpoint.send("a-1", b'{"data": 1}')
        await endpoint.close()
        addresses.pop(0)
        again = sender(receiver, "rebinding.example", allow="127.0.0.1")
        second = await again.send("a-2", b'{"data": 2}')
        await again.close()
    assert (first.status, second.status, second.error) == (204, None, "refused_target")
    assert [(delivery.id, delivery.verified) for delivery in receiver.got] == [("a-1", [True])]


async def test_plain_http_goes_to_allowed_networks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(_host: object, port: int, *_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    async with receiving() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        endpoint = sender(receiver, "public.example")
        reply = await endpoint.send("a-1", b"{}")
        await endpoint.close()
    assert reply.error == "refused_target"
