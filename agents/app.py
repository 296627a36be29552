"""The worker that the environment describes: `faust -A agents.app worker` runs it, as `bordertally worker` does."""

from __future__ import annotations

from agents.worker import create_app
from streams.errors import ConfigError
from streams.settings import load_settings

try:
    app = create_app(load_settings())
except ConfigError as error:
    raise SystemExit(f"bordertally: {error}") from None
