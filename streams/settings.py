"""Settings, read from the environment: `BORDERTALLY_` and the name in capitals. An invalid value stops the start."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode

from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.security import ConnectionSettings, OptionalFile
from bordertally.streams.url_policy import allowed_networks


class Hop(enum.StrEnum):
    """A hop (processing step) of the pipeline. By default a worker runs all hops; each can have workers of its own."""

    INTAKE = "intake"
    LEDGER = "ledger"
    ALERTS = "alerts"
    DELIVERY = "delivery"
    WEBHOOKS = "webhooks"
    ALERTMANAGER = "alertmanager"
    EMAIL = "email"


class SmtpSecurity(enum.StrEnum):
    """How the SMTP server is reached."""

    STARTTLS = "starttls"
    TLS = "tls"
    PLAIN = "plain"


class LogFormat(enum.StrEnum):
    """How a line of the log is written."""

    PRETTY = "pretty"
    JSON = "json"


class LogLevel(enum.StrEnum):
    """The lowest level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


SECRET = frozenset({"kafka_password", "redis_password", "redis_url", "smtp_password", "email_secret"})
"""Settings that are or may contain a password; errors never quote them."""

Digests = Annotated[tuple[Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")], ...], NoDecode]

HEARTBEAT_S = 1.0
"""Most seconds between two heartbeats: a worker that joins waits until the others notice."""


class Settings(ConnectionSettings):
    """Every setting of a worker, its default and its meaning."""

    sources: Path | None = Field(None, description="The source registry (TOML). Default: the sample's registry.")
    reload_s: float = Field(
        5.0,
        ge=0,
        le=3_600,
        description="Seconds between two checks for changes of registry, rules and webhooks; 0 turns reloading off.",
    )
    rules: Path | None = Field(None, description="Detection settings and operator baselines (TOML). Default: built in.")
    hops: Annotated[tuple[Hop, ...], NoDecode] = Field(
        tuple(Hop),
        description=f"Hops (processing steps) of this worker, separated by commas: {', '.join(Hop)}. Empty: all.",
    )
    app_id: str = Field("bordertally", min_length=1, description="Prefix of the consumer groups.")
    topic_prefix: str = Field("", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Prefix of all topic names.")
    instance: str = Field("", description="A name unique to this worker, so that a quick restart causes no rebalance.")
    partitions: int = Field(8, ge=1, le=1000, description="Partitions of every topic; the same for all workers.")
    replication: int = Field(
        1, ge=1, le=10, description="Replication factor of the topics that `topics --create` creates."
    )
    http_host: str = Field("127.0.0.1", description="Address of /metrics and /healthz.")
    http_port: int = Field(6066, ge=0, le=65535, description="Port of /metrics and /healthz; 0 turns them off.")
    gateway_host: str = Field(
        "127.0.0.1", description="Address of the gateway; any address other than loopback requires tokens."
    )
    gateway_port: int = Field(6080, ge=1, le=65535, description="Port of the gateway.")
    gateway_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Web origins whose pages may call the gateway and frame /embed, by commas; * allows all.",
    )
    gateway_language: str = Field(
        "",
        pattern=r"^([a-z]{2})?$",
        description="Language of the board, such as ru; empty: the one of the browser. ?lang=ru overrules it.",
    )
    gateway_sender: str = Field(
        "bordertally.invalid",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        description="Domain name of yours that identifies this pipeline in CAP messages and feeds.",
    )
    gateway_reports_per_s: float = Field(
        20.0, gt=0, le=10_000, description="Reports a second that all gateways together accept from one source."
    )
    gateway_body_bytes: int = Field(
        20_000_000, ge=1_000, description="Most bytes of a batch of reports, or of a file to import, at the gateway."
    )
    gateway_clients: int = Field(
        2_000, ge=1, le=100_000, description="Most clients connected to the stream of a gateway."
    )
    gateway_clients_per_address: int = Field(
        100,
        ge=1,
        le=100_000,
        description="Most connections, and most streams, of one client address; none for this machine and proxies.",
    )
    gateway_past_reports: int = Field(
        1_000_000,
        ge=0,
        description="Most reports that the gateway replays to answer as of a past moment; 0: the present only.",
    )
    gateway_proxies: str = Field(
        "",
        description="Proxies in front of the gateway, such as 10.0.0.7 or 10.0.0.0/8, separated by commas. Their "
        "X-Forwarded-For says which client a request counts for.",
    )
    public_read: bool = Field(False, description="Whether anybody who can reach the gateway may read.")
    read_tokens: Digests = Field((), description="Digests of the tokens for reading, separated by commas.")
    admin_tokens: Digests = Field((), description="Digests of the tokens for administration, separated by commas.")
    log_format: LogFormat = Field(LogFormat.PRETTY, description="Format of the log: pretty (for people) or json.")
    log_level: LogLevel = Field(
        LogLevel.INFO, description="Lowest level that is logged: debug (a line for each report), info, warning, error."
    )
    traces: bool = Field(
        False,
        description="Whether OpenTelemetry spans of each batch are sent (extra otel; see its OTEL_ variables).",
    )
    session_timeout_s: float = Field(
        10.0, ge=1, le=300, description="Seconds without a heartbeat after which a worker is replaced."
    )
    batch_reports: int = Field(
        100_000, ge=1, le=500_000, description="Most reports (intake) or claims (ledger) in one batch."
    )
    batch_wait_s: float = Field(
        0.2, gt=0, le=60, description="Longest time in seconds that the intake waits for the first report of a batch."
    )
    acknowledge_s: float = Field(
        60.0, gt=0, le=600, description="Seconds to wait for an acknowledgement of the broker before the worker exits."
    )
    skip_records: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Unreadable records on internal topics to skip, as topic/partition/offset, separated by commas.",
    )
    report_bytes: int = Field(262_144, ge=1_000, le=16_000_000, description="Largest size of a report in bytes.")
    period_days: int = Field(4_000, ge=1, le=40_000, description="Longest period of a claim in days.")
    skew_s: int = Field(86_400, ge=0, le=864_000, description="Seconds that a time in a report may lie in the future.")
    clock_limit_s: float = Field(
        300.0,
        ge=10,
        le=86_400,
        description="Seconds by which the clock of a worker may differ from the broker's; beyond, the worker waits.",
    )
    fuse_share: float = Field(0.5, gt=0, le=1, description="Share of refused reports that blows the fuse of a source.")
    fuse_window_s: float = Field(600.0, ge=1, le=86_400, description="Seconds over which that share is measured.")
    fuse_reports: int = Field(20, ge=1, le=1_000_000, description="Fewest reports in that time that can blow a fuse.")
    flow_metrics: int = Field(200, ge=0, le=10_000, description="Most flows with metrics of their own.")
    alert_log: int = Field(10_000, ge=1, le=10_000_000, description="Most alert records kept in Redis.")
    webhooks: Path | None = Field(None, description="Webhook subscriptions (TOML). Default: none.")
    webhook_allow: str = Field(
        "", description="Private networks that webhooks may reach, such as 10.0.0.0/8, separated by commas."
    )
    alertmanager_url: str = Field(
        "",
        description="Alertmanagers that receive open alerts (http://host:9093), separated by commas. Default: none.",
    )
    alertmanager_resend_s: float = Field(
        60.0,
        ge=1,
        le=3_600,
        description="Seconds after which an open alert is sent again; it expires after four such intervals.",
    )
    email: OptionalFile = Field(None, description="Subscribers of e-mail (TOML). Default: no e-mail.")
    email_from: str = Field("", description="Sender of e-mails, such as Border desk <desk@relief.example>.")
    email_templates: OptionalFile = Field(
        None, description="Folder with templates of e-mails. Default: the built-in ones."
    )
    email_secret: SecretStr = Field(
        SecretStr(""),
        description="Key of the links to unsubscribe, the same for all workers and gateways; a file is better.",
    )
    email_secret_file: OptionalFile = Field(None, description="A file with that key, read at start.")
    smtp_host: str = Field("", description="SMTP server that takes e-mails.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the SMTP server.")
    smtp_security: SmtpSecurity = Field(
        SmtpSecurity.STARTTLS, description="How the SMTP server is reached: starttls, tls, or plain (loopback only)."
    )
    smtp_username: str = Field("", description="User at the SMTP server. Default: no login.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password; a file is better.")
    smtp_password_file: OptionalFile = Field(None, description="A file with its password, read at start.")
    public_url: str = Field("", description="Address of the gateway for subscribers, used for links in notifications.")
    extractor: str = Field(
        "", description="module:function that proposes claims from statements, for the review. Default: none."
    )
    recovery_delay_s: float = Field(
        0.0, ge=0, le=60, description="Seconds to wait after a rebalance before tables are restored."
    )

    @field_validator("hops", "skip_records", "gateway_origins", "read_tokens", "admin_tokens", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("hops", mode="before")
    @classmethod
    def _all_hops(cls, value: object) -> object:
        return tuple(Hop) if value == "" else value

    @field_validator("hops")
    @classmethod
    def _some(cls, value: tuple[Hop, ...]) -> tuple[Hop, ...]:
        if not value:
            raise ValueError(f"at least one of {', '.join(Hop)}")
        return value

    @field_validator("webhook_allow", "gateway_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        allowed_networks(value)
        return value

    @property
    def heartbeat_s(self) -> float:
        """Seconds between two heartbeats to the broker; a worker learns of a rebalance from the response."""
        return min(HEARTBEAT_S, self.session_timeout_s / 3 - 0.001)  # the broker requires less than a third


class Registration(NamedTuple):
    """A delivery channel: a hop by which totals and alerts leave the pipeline.

    `name`: that of its hop. `place`: its module, a colon, and its class, which is imported only where the channel runs.
    `is_on`: whether the settings name anything to deliver to. `page`: its page in docs/, and `delivers`: what it does,
    for the list of all channels there.
    """

    name: str
    place: str
    is_on: Callable[[Settings], bool]
    page: str = ""
    delivers: str = ""


_DELIVERY = "bordertally.agents.delivery"
CHANNELS = [
    Registration(
        Hop.DELIVERY,
        f"{_DELIVERY}.redis.view:RedisView",
        lambda _: True,
        "redis.md",
        "latest totals, open alerts and the log of alerts in Redis, for the gateway and for your own programs",
    ),
    Registration(
        Hop.WEBHOOKS,
        f"{_DELIVERY}.webhooks.hop:Webhooks",
        lambda settings: settings.webhooks is not None,
        "webhooks.md",
        "every event as a signed HTTP request, in order, tried again until it is delivered",
    ),
    Registration(
        Hop.ALERTMANAGER,
        f"{_DELIVERY}.alertmanager:Alertmanager",
        lambda settings: bool(settings.alertmanager_url),
        "alertmanager.md",
        "open alerts, which fire in Alertmanager: e-mail, chat and pagers",
    ),
    Registration(
        Hop.EMAIL,
        f"{_DELIVERY}.email.hop:EmailHop",
        lambda settings: settings.email is not None,
        "email.md",
        "a mail for every alert, and digests, with templates and a link to unsubscribe",
    ),
]
"""Every delivery channel, in the order in which a worker starts them. Its hop and its settings stand above."""


def load_settings(**overrides: object) -> Settings:
    """Read the settings. Raises ConfigError, which names each invalid variable and its value."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = [
            f"BORDERTALLY_{name.upper()}={'(not shown)' if name in SECRET else shown(fault['input'])}: {fault['msg']}"
            for fault in error.errors()
            for name in [str(fault["loc"][0])]
        ]
        raise ConfigError("; ".join(faults)) from None


PREFIX = "BORDERTALLY_"
ELSEWHERE = frozenset({"COMPLETE", "CONFIG", "CRASH_AT", "KAFKA_CACHE", "KEY_FILE", "VERSION", "WORKERS"})
"""Variables with the prefix that are no settings: options of commands, of tests and of the compose file."""

SIMILAR = 0.7
"""How similar a variable must be to a setting to count as its misspelling."""


def misspelt(variables: Iterable[str]) -> list[str]:
    """A sentence for each environment variable that looks like a setting and is none."""
    known = {name.upper() for name in Settings.model_fields}
    sentences = []
    for variable in sorted(variables):
        prefix, name = variable[: len(PREFIX)], variable[len(PREFIX) :]
        if prefix != PREFIX or name in known | ELSEWHERE:
            continue
        if near := difflib.get_close_matches(name, sorted(known), 1, SIMILAR):
            sentences.append(f"{variable} is no setting and has no effect; did you mean {PREFIX}{near[0]}?")
    return sentences


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
