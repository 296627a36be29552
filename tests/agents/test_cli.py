"""The command, as a user runs it: a process of its own, whose start is repeated only where it matters (forking.py)."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest

from bordertally.agents.demo.run import sample
from bordertally.agents.servers.ports import free_port
from forking import run
from live import COMMAND, Live, pure

SAMPLE = Path("agents/demo/sample.ndjson")
ARTICLE = Path("agents/demo/article.ndjson")


def bordertally(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(*arguments, environment=environment)


def started(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=os.environ | environment,
    )


def come_down(alerts: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    newest = {alert["id"]: alert for alert in alerts}
    return {
        tuple(record[name] for name in ("flow", "rule", "since", "until", "peak_rate", "peak_severity"))
        for record in newest.values()
        if record["state"] != "withdrawn"
    }


def test_replay_prints_one_object_and_nothing_else() -> None:
    done = bordertally("replay", str(SAMPLE), "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert {"totals", "days", "alerts", "conflicts", "rejected"} <= result.keys()
    week = next(total for total in result["totals"] if (total["flow"], total["window_days"]) == ("RU", 7))
    assert (week["low"], week["best"], week["high"], week["as_of"]) == (196_929, 217_000, None, "2022-09-28")
    assert set(result["alerts"][0]) >= {
        *("id", "seq", "flow", "rule", "state", "severity", "since", "day", "rate"),
        *("expected", "threshold", "baseline", "reports", "published"),
    }
    assert done.stdout == started(*COMMAND, "replay", str(SAMPLE), "--json").stdout


def test_the_demo_comes_to_what_a_replay_of_its_sample_comes_to_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    live = started(*COMMAND, "demo", "--json", TMPDIR=str(tmp_path))
    assert live.returncode == 0, live.stderr
    shown, replayed = json.loads(live.stdout), json.loads(bordertally("replay", str(SAMPLE), "--json").stdout)
    for part in ("totals", "days", "conflicts", "parts", "noted"):
        assert shown[part] == replayed[part]
    assert come_down(shown["alerts"]) == come_down(replayed["alerts"])
    assert sorted(rejected["reason"] for rejected in shown["rejected"]) == sorted(
        rejected["reason"] for rejected in replayed["rejected"]
    )
    assert "done in" in live.stderr
    assert not left_behind(tmp_path)


def test_the_article_in_words_comes_to_the_figures_of_the_worked_example() -> None:
    found = json.loads(bordertally("replay", str(ARTICLE), "--json").stdout)
    week = {total["flow"]: total for total in found["totals"] if total["window_days"] == 7}
    assert {flow: week[flow]["best"] for flow in ("RU:KZ", "RU:GE", "RU:EU")} == {
        "RU:KZ": 98_000,
        "RU:GE": 53_000,
        "RU:EU": 66_000,
    }
    assert week["RU"]["low"] >= 200_000
    firing = {(alert["flow"], alert["severity"]) for alert in found["alerts"]}
    assert firing == {("RU:GE", "warning"), ("RU:EU", "notice")}
    read = bordertally("read", str(ARTICLE), COLUMNS="200").stdout
    waits = next(line for line in read.splitlines() if "261,000" in line and "RU" in line)
    assert "review: inferred, no_period" in waits
    assert [line.split()[6] for line in read.splitlines() if line.startswith((" 2 ", " 3 ", " 5 "))] == [
        *("KZ", "GE", "frontex")
    ]


def left_behind(directory: Path) -> list[str]:
    """Processes started with this directory for temporary files that are still there."""
    errors = []
    for process in psutil.process_iter(["cmdline", "status"]):
        try:
            mine = process.environ().get("TMPDIR") == str(directory)
        except psutil.Error:
            continue
        if mine and process.info["status"] != psutil.STATUS_ZOMBIE:
            errors.append(" ".join(process.info["cmdline"] or ()))
    return [*errors, *(str(path) for path in directory.iterdir())]


def test_ctrl_c_stops_a_kept_demo_with_a_sentence_and_no_orphan(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, *COMMAND, "demo", "--keep"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if "Running until Ctrl-C" in line:
                break
        board = next(line.split()[1] for line in lines if line.startswith("Board"))
        with urlopen(board) as answer:
            assert b"<title>bordertally</title>" in answer.read()
        with urlopen(f"{board}v1/flows?flow=RU:GE") as answer:
            assert json.load(answer)["flows"][0]["totals"]["7d"]["best"] == 53_000
        demo.send_signal(signal.SIGINT)
        _, errors = demo.communicate(timeout=90)
    assert (demo.returncode, errors.strip()) == (130, "bordertally: stopped")
    assert not left_behind(tmp_path)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_demo_that_is_stopped_while_it_starts_leaves_nothing(tmp_path: Path, sent: signal.Signals) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-u", "-m", "bordertally.agents.cli.main", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline().startswith("broker")
        demo.send_signal(sent)
        _, errors = demo.communicate(timeout=90)
    assert (demo.returncode, errors.strip()) == (130, "bordertally: stopped")
    assert not left_behind(tmp_path)


@pytest.mark.parametrize("option", ["--broker-port", "--redis-port", "--http-port", "--gateway-port"])
def test_a_taken_port_is_one_sentence(option: str) -> None:
    # The kernel's choice: a port that looks free to a server may still linger for a socket that does not reuse it.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = bordertally("demo", option, str(port))
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "taken" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_names_each_fault_on_a_line_and_exits_1(tmp_path: Path) -> None:
    file = tmp_path / "reports.ndjson"
    file.write_text('{"id": "x"}\n\n{"id": "y", "people": -1}\n')
    done = bordertally("check", str(file))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [
        line.startswith(f"{file}:{number}: [{report}]")
        for line, number, report in zip(lines, (1, 3), "xy", strict=True)
    ]
    assert "missing_field" in lines[0]
    good = tmp_path / "good.ndjson"
    good.write_bytes(sample()[-1])
    assert bordertally("check", str(good)).returncode == 0


def test_check_warns_of_unknown_fields_and_refuses_them_on_request(tmp_path: Path) -> None:
    file = tmp_path / "reports.ndjson"
    file.write_bytes(sample()[-1].strip()[:-1] + b', "qualifer": "count"}\n')
    done = bordertally("check", str(file))
    assert (done.returncode, done.stdout) == (
        0,
        f"{file}:1: warning: qualifer: unknown field; did you mean qualifier?\n",
    )
    assert done.stderr == "1 report, 0 with a fault, 1 with a warning\n"
    done = bordertally("check", str(file), "--strict")
    assert done.returncode == 1
    assert "unknown_field: qualifer: unknown field; did you mean qualifier?" in done.stdout
    done = bordertally("replay", str(file))
    assert "qualifer: unknown field; did you mean qualifier?" in done.stderr
    done = bordertally("replay", str(file), "--strict", "--json")
    assert json.loads(done.stdout)["rejected"][0]["reason"] == "unknown_field"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BORDERTALLY_HOPS", "intake,nowhere"),
        ("BORDERTALLY_PARTITIONS", "0"),
        ("BORDERTALLY_BROKERS", "nohost"),
        ("BORDERTALLY_SESSION_TIMEOUT_S", "soon"),
        ("BORDERTALLY_SOURCES", "/nowhere/sources.toml"),
    ],
)
def test_a_bad_setting_is_refused_at_start_with_its_name_and_value(variable: str, value: str) -> None:
    for done in (
        bordertally("worker", **{variable: value}),
        started("-m", "faust", "-A", "bordertally.agents.worker.app", "worker", **{variable: value}),
    ):
        assert done.returncode != 0
        assert value.rsplit(",", maxsplit=1)[-1] in done.stderr
        assert "Traceback" not in done.stderr
        if variable != "BORDERTALLY_SOURCES":
            assert variable in done.stderr


def test_a_missing_file_is_one_sentence() -> None:
    done = bordertally("replay", "/nowhere/reports.ndjson")
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "bordertally: /nowhere/reports.ndjson: No such file or directory",
    )


async def test_publish_sends_good_reports_and_names_bad_ones(live: Live, tmp_path: Path) -> None:
    live.worker()
    file = tmp_path / "reports.ndjson"
    file.write_bytes(b"\n".join([*sample(), b'{"id": "bad"}']))
    done = bordertally("publish", str(file), "--to", live.broker.address, BORDERTALLY_TOPIC_PREFIX=live.topics.prefix)
    assert done.returncode == 1
    assert "not sent: source: this field is required" in done.stderr
    await live.shows(pure(sample()))


def test_topics_are_created_once_and_wrong_partitions_are_named(live: Live) -> None:
    environment = live.environment | {"BORDERTALLY_TOPIC_PREFIX": f"{live.topics.prefix}again."}
    first = bordertally("topics", "--create", **environment)
    again = bordertally("topics", "--create", **environment)
    assert (first.returncode, again.returncode) == (0, 0), first.stderr
    assert first.stdout.count("made") >= 9
    assert again.stdout.count("there") >= 9
    other = bordertally("topics", "--create", **environment | {"BORDERTALLY_PARTITIONS": "3"})
    assert other.returncode == 2
    assert "BORDERTALLY_PARTITIONS=3" in other.stderr


def test_a_broker_that_is_not_there_is_one_sentence() -> None:
    done = bordertally("publish", str(SAMPLE), "--to", f"127.0.0.1:{free_port()}")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("bordertally: Kafka:")
    assert "Traceback" not in done.stderr


def test_schema_documents_are_json() -> None:
    assert json.loads(bordertally("schema").stdout)["$defs"]["Report"]
    assert json.loads(bordertally("schema", "asyncapi").stdout)["asyncapi"] == "3.0.0"
