"""The worker with the settings of the environment, for `faust -A bordertally.agents.worker.app worker`."""

from __future__ import annotations

from bordertally.agents.kafka.patched_versions import check_patched
from bordertally.agents.worker.worker import create_app
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import load_settings

try:
    check_patched()
    app = create_app(load_settings())
except ConfigError as error:
    raise SystemExit(f"bordertally: {error}") from None
