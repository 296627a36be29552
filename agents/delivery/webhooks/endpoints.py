"""The endpoints of subscriptions: URLs and keys, read from the files and variables that subscriptions refer to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from standardwebhooks import Webhook

from bordertally.agents.runtime.context import read_text
from bordertally.streams.delivery.subscriptions import Policy, Subscription, parse_subscriptions, reference
from bordertally.streams.errors import ConfigError
from bordertally.streams.reports.sources import Registry
from bordertally.streams.url_policy import check_url, site

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a key, after the Standard Webhooks specification."""


class Endpoint:
    """A subscription with its URL and its keys, the newest key first. Its text shows neither.

    `mark` is a digest of the secrets: it changes when they change.
    """

    def __init__(self, subscription: Subscription, url: str, keys: tuple[Webhook, ...], mark: str = "") -> None:
        self.subscription, self.url, self.keys, self.mark = subscription, url, keys, mark

    def __repr__(self) -> str:
        return f"<{self.name} at {site(self.url)}>"

    @property
    def name(self) -> str:
        """The name of the subscription."""
        return self.subscription.name


class Endpoints(NamedTuple):
    """All endpoints by the name of the subscription, and the retry policy."""

    by_name: dict[str, Endpoint]
    policy: Policy

    def files(self, folder: Path) -> list[Path]:
        """The files of secrets that subscriptions refer to."""
        every = [
            text
            for endpoint in self.by_name.values()
            for text in (endpoint.subscription.url, *endpoint.subscription.secrets)
        ]
        references = [reference(text) for text in every]
        return sorted({folder / source[1] for source in references if source is not None and source[0] == "file"})

    def changed(self, new: Endpoints) -> str:
        """What changes with the new endpoints, in words; empty if nothing does."""
        gone = [name for name in self.by_name if name not in new.by_name]
        fresh = [name for name in new.by_name if name not in self.by_name]
        other = [
            name
            for name, endpoint in self.by_name.items()
            if name in new.by_name and _differ(endpoint, new.by_name[name])
        ]
        words = {
            "new": fresh,
            "gone": gone,
            "changed": other,
            "retry": ["changed"] if self.policy != new.policy else [],
        }
        return "; ".join(f"{change}: {', '.join(names)}" for change, names in words.items() if names)


def _differ(old: Endpoint, new: Endpoint) -> bool:
    return (old.subscription, old.url, old.mark) != (new.subscription, new.url, new.mark)


def load_endpoints(path: Path, registry: Registry) -> Endpoints:
    """Read the subscriptions in a file, and the secrets that they refer to.

    Raises ConfigError that names file, subscription and field, and never quotes a secret or a URL.
    """
    text = read_text(path, "webhooks")
    subscriptions = parse_subscriptions(text, str(path), registry.blocs, registry.aliases)
    return Endpoints(
        {subscription.name: _endpoint(subscription, path) for subscription in subscriptions.by_name.values()},
        subscriptions.policy,
    )


def _endpoint(subscription: Subscription, path: Path) -> Endpoint:
    at = f"{path}: subscriptions.{subscription.name}"
    (url,) = _resolved(subscription.url, f"{at}.url", path.parent)[:1]
    check_url(url, f"{at}.url")
    keys, mark = [], hashlib.sha256()
    for index, secret in enumerate(subscription.secrets):
        where = f"{at}.secrets[{index}] ({secret})"
        texts = _resolved(secret, where, path.parent)
        keys += [_key(text, where) for text in texts]
        mark.update("\n".join([*texts, ""]).encode())
    return Endpoint(subscription, url, tuple(keys), mark.hexdigest())


def _resolved(text: str, where: str, folder: Path) -> list[str]:
    """The values of a reference, one per line; any other text is its own value. Raises ConfigError."""
    referenced = reference(text)
    if referenced is None:
        return [text]
    kind, name = referenced
    if kind == "env":
        value = os.environ.get(name, "")
    else:
        try:
            value = (folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{where}: the file cannot be read ({type(error).__name__})") from None
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    if not lines:
        raise ConfigError(f"{where}: {'the variable is not set' if kind == 'env' else 'the file is empty'}")
    return lines


def _key(text: str, where: str) -> Webhook:
    encoded = text.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise ConfigError(
            f"{where}: a secret is {PREFIX} followed by {SHORTEST} to {LONGEST} bytes in base64; "
            "make one with: bordertally webhooks secret"
        )
    return Webhook(key)
