"""The table of commands: the name of each, the function behind it, and the one line that `bordertally --help` shows.

`bordertally --help` is printed from this table alone, so that it need not import any command. A test compares each
line with the docstring of its function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Listed(NamedTuple):
    """A command, or a group of commands such as `rejected`.

    `place`: its module below `bordertally.agents.cli`, a colon, and the function or the `typer.Typer` in it.
    `help`: the first paragraph of its help. `panel`: the heading under which `--help` lists it.
    """

    name: str
    place: str
    help: str
    panel: str


_PANELS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "Try it": (
        ("demo", "operate.demo:demo", "Run the whole pipeline on this machine with the sample week, then stop it."),
        ("replay", "inspect.replay:replay", "Compute totals and alerts from reports in files or in Kafka."),
        ("read", "publish.statements:read", "Show the claims that a statement in words makes."),
    ),
    "Publish reports": (
        (
            "import",
            "publish.imports:import_command",
            "Turn a spreadsheet (CSV, XLSX, ODS or JSON) into reports, by a mapping.",
        ),
        ("reports", "publish.series_reports:reports", "Turn a daily series (CSV) into reports, one per day."),
        ("check", "publish.publish:check", "Check reports without sending them; print one line per fault or warning."),
        ("publish", "publish.publish:publish_command", "Check reports and send those without a fault to Kafka."),
        ("follow", "publish.follow:follow", "Publish what feeds and web pages say about people crossing borders."),
        ("schema", "publish.schema:schema", "Print the JSON Schema of a report, or the AsyncAPI document of topics."),
        ("keygen", "publish.keys:keygen", "Make a key pair for signing reports."),
    ),
    "Review uncertain claims": (
        ("review", "publish.statements:review", "Accept, correct or reject uncertain claims from statements."),
    ),
    "See figures and alerts": (
        ("totals", "inspect.totals:totals", "Show the current totals and open alerts of a running system."),
        ("flow", "inspect.totals:flow", "Show one flow: its totals, alerts, and a chart of its days."),
        ("why", "inspect.why:why", "Explain a total: the claims and reports behind it, and the part each plays."),
        (
            "verify",
            "inspect.verify:verify",
            "Compare the totals and alerts that run with a replay of the reports in Kafka.",
        ),
        ("watch", "inspect.watch:watch", "Follow alerts as they are published, until Ctrl-C."),
    ),
    "Test rules": (
        ("rules", "inspect.rules:rules", "Check a rules file, and test rules on scenarios."),
        (
            "backtest",
            "inspect.backtest:backtest",
            "Measure alert rules on past data: surges, delay, false alarms.",
        ),
    ),
    "Manage notifications": (
        ("webhooks", "operate.webhooks:webhooks", "Manage webhook subscriptions (BORDERTALLY_WEBHOOKS)."),
        ("email", "operate.email:email", "Manage subscribers of e-mail (BORDERTALLY_EMAIL)."),
        ("silences", "operate.silences:silences", "Mute alerts for a while."),
    ),
    "Run it": (
        ("doctor", "operate.doctor:doctor", "Check the set-up, from broker to clock, and say how to fix each fault."),
        ("topics", "operate.topics:topics", "List the topics of the pipeline, or create them."),
        ("worker", "operate.worker:worker", "Run a worker with the hops that BORDERTALLY_HOPS names."),
        (
            "reread",
            "operate.reread:reread",
            "Let workers read all reports again, after internal records were lost.",
        ),
        ("gateway", "operate.gateway:gateway", "Serve totals, alerts and the board over HTTP."),
        ("token", "operate.tokens:token", "Make an access token for the gateway, and its digest."),
        ("settings", "operate.settings:settings", "List every setting: environment variable, default, meaning."),
    ),
    "Handle refused reports": (
        ("rejected", "operate.rejected:rejected", "List refused reports, and send them again once the cause is fixed."),
    ),
}


def _listed() -> Iterator[Listed]:
    for panel, commands in _PANELS.items():
        for name, place, line in commands:
            yield Listed(name, place, line, panel)


COMMANDS: Mapping[str, Listed] = {command.name: command for command in _listed()}
"""Every command and group by its name, in the order of the help."""
