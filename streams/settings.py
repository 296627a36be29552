"""Settings, read from the environment: `BORDERTALLY_` and the name in capitals. A bad value is refused at start."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode

from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.security import ConnectionSettings
from bordertally.streams.url_policy import allowed_networks


class Hop(enum.StrEnum):
    """A stage of the pipeline. All run in one worker by default; each can run alone, to scale apart."""

    INTAKE = "intake"
    LEDGER = "ledger"
    ALERTS = "alerts"
    DELIVERY = "delivery"
    WEBHOOKS = "webhooks"
    ALERTMANAGER = "alertmanager"


class LogFormat(enum.StrEnum):
    """How a line of the log is written."""

    PRETTY = "pretty"
    JSON = "json"


class LogLevel(enum.StrEnum):
    """The least that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


SECRET = frozenset({"kafka_password", "redis_password", "redis_url"})
"""Settings that are, or may hold, a password: never quoted."""

Digests = Annotated[tuple[Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")], ...], NoDecode]

HEARTBEAT_S = 1.0
"""Seconds between two signs of life at most: a worker that joins waits for those that are there to notice it."""


class Settings(ConnectionSettings):
    """Every setting of a worker, its default and its meaning."""

    sources: Path | None = Field(None, description="The source registry (TOML). Default: the sample's registry.")
    reload_s: float = Field(
        5.0,
        ge=0,
        le=3_600,
        description="Seconds between two looks whether registry, rules or webhooks changed; 0: none.",
    )
    rules: Path | None = Field(None, description="Detection settings and operator baselines (TOML). Default: built in.")
    hops: Annotated[tuple[Hop, ...], NoDecode] = Field(
        tuple(Hop), description=f"Stages this worker runs, separated by commas: {', '.join(Hop)}."
    )
    app_id: str = Field("bordertally", min_length=1, description="Prefix of the consumer groups.")
    topic_prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Stands before every topic's name.")
    instance: str = Field("", description="A name unique to this worker: Kafka keeps its place while it restarts.")
    partitions: int = Field(8, ge=1, le=1000, description="Partitions of every topic; the same for all workers.")
    replication: int = Field(1, ge=1, le=10, description="Replication factor of the topics `topics --create` makes.")
    http_host: str = Field("127.0.0.1", description="Address of /metrics and /healthz.")
    http_port: int = Field(6066, ge=0, le=65535, description="Port of /metrics and /healthz; 0 turns them off.")
    gateway_host: str = Field("127.0.0.1", description="Address of the gateway; one beyond loopback needs tokens.")
    gateway_port: int = Field(6080, ge=1, le=65535, description="Port of the gateway.")
    gateway_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web origins whose pages may ask the gateway, separated by commas; * allows all."
    )
    gateway_sender: str = Field(
        "bordertally.invalid",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        description="Names this pipeline among all in CAP messages and feeds: a domain of yours.",
    )
    gateway_reports_per_s: float = Field(
        20.0, gt=0, le=10_000, description="Reports a second that the gateways take of one source, all together."
    )
    gateway_clients: int = Field(2_000, ge=1, le=100_000, description="Clients that follow a gateway's stream at most.")
    public_read: bool = Field(False, description="Whether anybody who reaches the gateway may read.")
    read_tokens: Digests = Field((), description="Digests of the tokens for reading, separated by commas.")
    admin_tokens: Digests = Field((), description="Digests of the tokens for everything, separated by commas.")
    log_format: LogFormat = Field(LogFormat.PRETTY, description="The log for people, or JSON: pretty, json.")
    log_level: LogLevel = Field(
        LogLevel.INFO, description="The least that is logged: debug (a line a report), info, warning, error."
    )
    traces: bool = Field(
        False,
        description="Whether spans of each batch are sent by OpenTelemetry (extra otel; see its OTEL_ variables).",
    )
    session_timeout_s: float = Field(10.0, ge=1, le=300, description="Seconds after which a silent worker is replaced.")
    batch_reports: int = Field(
        100_000, ge=1, le=500_000, description="Reports taken in, and claims settled, in one batch at most."
    )
    batch_wait_s: float = Field(0.2, gt=0, le=60, description="Seconds the intake waits for the first of a batch.")
    acknowledge_s: float = Field(60.0, gt=0, le=600, description="Seconds to wait for the broker before giving up.")
    report_bytes: int = Field(262_144, ge=1_000, le=16_000_000, description="The most bytes that a report may have.")
    period_days: int = Field(4_000, ge=1, le=40_000, description="The most days that a period may have.")
    skew_s: int = Field(86_400, ge=0, le=864_000, description="Seconds that a time may lie ahead.")
    fuse_share: float = Field(0.5, gt=0, le=1, description="Share of a source's reports refused that blows its fuse.")
    fuse_window_s: float = Field(600.0, ge=1, le=86_400, description="Seconds over which that share is taken.")
    fuse_reports: int = Field(20, ge=1, le=1_000_000, description="Reports within them at least to blow a fuse.")
    flow_metrics: int = Field(200, ge=0, le=10_000, description="Flows that get metrics of their own at most.")
    alert_log: int = Field(10_000, ge=1, le=10_000_000, description="Alert records kept in Redis at most.")
    webhooks: Path | None = Field(
        None, description="Webhook subscriptions (TOML). Default: none, the hop does nothing."
    )
    webhook_allow: str = Field(
        "", description="Networks webhooks may reach though they are not public, such as 10.0.0.0/8, by commas."
    )
    alertmanager_url: str = Field(
        "", description="Alertmanagers to tell of open alerts, by commas: http://host:9093. Default: none."
    )
    alertmanager_resend_s: float = Field(
        60.0, ge=1, le=3_600, description="Seconds between sendings of an open alert; it expires after four of them."
    )
    public_url: str = Field("", description="Where subscribers reach the gateway: what notifications link to.")
    extractor: str = Field(
        "", description="module:function that proposes claims out of words, for the review; none by default."
    )
    recovery_delay_s: float = Field(0.0, ge=0, le=60, description="Seconds to let a rebalance settle before recovery.")

    @field_validator("hops", "gateway_origins", "read_tokens", "admin_tokens", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("hops")
    @classmethod
    def _some(cls, value: tuple[Hop, ...]) -> tuple[Hop, ...]:
        if not value:
            raise ValueError(f"at least one of {', '.join(Hop)}")
        return value

    @field_validator("webhook_allow")
    @classmethod
    def _networks(cls, value: str) -> str:
        allowed_networks(value)
        return value

    @property
    def heartbeat_s(self) -> float:
        """Seconds between two signs of life to the broker; of a rebalance a worker hears with the answer to one."""
        return min(HEARTBEAT_S, self.session_timeout_s / 3 - 0.001)  # the broker wants less than a third


def load_settings(**overrides: object) -> Settings:
    """Read the settings. Raises ConfigError naming each variable and its value when one is bad."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = [
            f"BORDERTALLY_{name.upper()}={'(not shown)' if name in SECRET else shown(fault['input'])}: {fault['msg']}"
            for fault in error.errors()
            for name in [str(fault["loc"][0])]
        ]
        raise ConfigError("; ".join(faults)) from None


def documented() -> list[tuple[str, str, str]]:
    """(variable, default, meaning) of every setting, for the docs and `bordertally settings`."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        text = (
            ",".join(default)
            if isinstance(default, tuple)
            else ""
            if default is None or default is False or isinstance(default, SecretStr)
            else str(default)
        )
        rows.append((f"BORDERTALLY_{name.upper()}", text, field.description or ""))
    return rows
