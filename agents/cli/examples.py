"""Examples of every command, shown at the end of its `--help`. A test parses each of them."""

from __future__ import annotations

from collections.abc import Mapping

HEAD = "Examples"
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "backtest": (
        "bordertally backtest arrivals.csv --date-column day --people-column persons",
        "bordertally backtest reports.ndjson --flow RU:GE --method c2 --plot georgia.svg",
    ),
    "check": (
        "bordertally check reports.ndjson --sources sources.toml",
        "tail -n 5 reports.ndjson | bordertally check -",
    ),
    "demo": ("bordertally demo", "bordertally demo --article", "bordertally demo --keep --gateway-port 6080"),
    "doctor": ("BORDERTALLY_BROKERS=kafka:9092 bordertally doctor", "bordertally doctor --json"),
    "email list": ("bordertally email list --email email.toml --to localhost:9092",),
    "email subscribe": ("bordertally email subscribe duty --email email.toml --to localhost:9092",),
    "email test": ("bordertally email test duty --email email.toml",),
    "flow": ("bordertally flow RU:GE", "BORDERTALLY_REDIS_URL=redis://redis:6379/0 bordertally flow RU:EU --json"),
    "follow": (
        "bordertally follow https://police.example/news.atom --source ge-mia --to localhost:9092 --memory seen.json",
        "bordertally follow statement.html --source ge-mia",
    ),
    "gateway": (
        "BORDERTALLY_GATEWAY_PORT=8080 bordertally gateway",
        "BORDERTALLY_GATEWAY_HOST=0.0.0.0 BORDERTALLY_PUBLIC_READ=true bordertally gateway",
    ),
    "import": (
        "bordertally import arrivals.csv --guess > arrivals.toml",
        "bordertally import arrivals.csv --map arrivals.toml > reports.ndjson",
        "bordertally import arrivals.csv --map arrivals.toml --to localhost:9092 --sources sources.toml",
        "bordertally import arrivals.xlsx --map arrivals.toml --sheet 2023 --check",
        "bordertally import new.csv --map arrivals.toml --previous old.csv > changes.ndjson",
        "bordertally import years.csv --map arrivals.toml --historic > history.ndjson",
        "bordertally import --watch incoming --map arrivals.toml --to localhost:9092 --sources sources.toml",
    ),
    "keygen": ("bordertally keygen kz-mia.pem",),
    "publish": (
        "bordertally publish reports.ndjson --to localhost:9092 --key kz-mia.pem",
        "cat reports.ndjson | bordertally publish - --to localhost:9092 --sources sources.toml",
    ),
    "read": (
        "bordertally read statement.txt --source ge-mia --published 2022-09-27",
        'echo "53,000 people have come since Wednesday" | bordertally read - --source ge-mia --json',
    ),
    "rejected list": (
        "bordertally rejected list --to localhost:9092 --since 2022-09-27",
        "bordertally rejected list --reason unknown_source --all --json",
    ),
    "rejected redrive": (
        "bordertally rejected redrive --reason unknown_source",
        "bordertally rejected redrive --reason unknown_source --yes",
        "bordertally rejected redrive reports.government/3/1042 --yes",
    ),
    "rejected show": (
        "bordertally rejected show reports.government/3/1042",
        "bordertally rejected show reports.government/3/1042 --raw > report.json",
    ),
    "replay": (
        "bordertally replay reports.ndjson",
        "bordertally replay reports.ndjson --sources sources.toml --rules rules.toml --json",
        "bordertally replay --from-kafka --until 2022-09-27T09:00:00Z --out known.json",
    ),
    "reports": (
        "bordertally reports arrivals.csv --source ge-mia --flow RU:GE > reports.ndjson",
        "bordertally reports points.csv --source ge-mia --flow RU:GE --flow-column point --only way=in > points.ndjson",
    ),
    "review accept": ("bordertally review accept 3f9c --to localhost:9092 --as desk",),
    "review edit": (
        'bordertally review edit 3f9c --to localhost:9092 --as desk --set people=10000 --note "a day, not a week"',
    ),
    "review list": ("bordertally review list --to localhost:9092",),
    "review reject": (
        'bordertally review reject 3f9c 71aa --to localhost:9092 --as desk --note "about another border"',
    ),
    "rules check": ("bordertally rules check rules.toml --sources sources.toml",),
    "rules test": ("bordertally rules test scenarios.toml --rules rules.toml",),
    "schema": ("bordertally schema > report.schema.json", "bordertally schema asyncapi"),
    "settings": ("bordertally settings",),
    "silences add": (
        'bordertally silences add RU:GE --to localhost:9092 --until 3d --author duty --comment "the road is closed"',
        "bordertally silences add 'RU:EU:*' --to localhost:9092 --until 1w --rule drop --comment feast --author me",
    ),
    "silences expire": ("bordertally silences expire 3f9c --to localhost:9092",),
    "silences list": ("bordertally silences list --to localhost:9092 --all",),
    "token": ("bordertally token", "bordertally token --json"),
    "reread": ("bordertally reread --to localhost:9092",),
    "topics": ("bordertally topics", "bordertally topics --create --to localhost:9092"),
    "totals": ("bordertally totals", "bordertally totals RU:EU 'RU:KZ:*' --json"),
    "verify": ("bordertally verify", "bordertally verify --wait 60 --json"),
    "watch": (
        "bordertally watch --to localhost:9092",
        "bordertally watch --since 12h --flow RU:EU --totals",
        "bordertally watch --json | jq .flow",
    ),
    "webhooks enable": ("bordertally webhooks enable relief --webhooks webhooks.toml",),
    "webhooks list": ("bordertally webhooks list --webhooks webhooks.toml",),
    "webhooks log": ("bordertally webhooks log relief --last 50",),
    "webhooks replay": (
        "bordertally webhooks replay relief --since 12h",
        "bordertally webhooks replay relief --since 2026-01-31T18:00Z --alert a8ce3581271acf50",
    ),
    "webhooks secret": ("bordertally webhooks secret > relief.secret",),
    "webhooks test": ("bordertally webhooks test relief --webhooks webhooks.toml",),
    "why": (
        "bordertally why RU:GE",
        "bordertally why RU --from 2022-09-21 --to 2022-09-28 --files reports.ndjson",
    ),
    "worker": (
        "BORDERTALLY_BROKERS=kafka:9092 bordertally worker",
        "BORDERTALLY_HOPS=intake,ledger BORDERTALLY_LOG_FORMAT=json bordertally worker",
    ),
}


def epilog(command: str) -> str | None:
    """The examples of a command as text for the end of its help; None for a command without examples."""
    return "\n  ".join((f"{HEAD}:", *EXAMPLES[command])) if command in EXAMPLES else None
