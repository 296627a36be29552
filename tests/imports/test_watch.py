"""import --watch: a file ends in done if all of it was sent, in failed if nothing was, and is sent again otherwise."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from bordertally.agents.cli.publish import sending, watching
from bordertally.agents.cli.publish.sending import ImportSender
from bordertally.agents.cli.publish.watching import import_one, watch_folder
from bordertally.agents.imports.importing import load_mapping
from bordertally.agents.imports.inbox import REPORT, Inbox
from bordertally.agents.terminal.console import StoppedError, run
from bordertally.streams.errors import BordertallyError
from bordertally.streams.imports import parts
from bordertally.streams.imports.mapping import ImportMap
from unit.streams.imports.kit import PLAIN

SOURCES = '[sources.police]\nname = "Police"\nflows = ["BR:UY"]\ngrade = "A"\n'
HEAD = "Day,Gate,In\n"


class Broker:
    """A broker in place of Kafka. `fails_after`: the reports that it acknowledges before it is away."""

    def __init__(self) -> None:
        self.stored: list[dict[str, Any]] = []
        self.fails_after: int | None = None

    async def publish(self, _: object, raws: Iterable[bytes], *__: object) -> AsyncIterator[int]:
        for number, raw in enumerate(raws):
            if number == self.fails_after:
                raise KafkaConnectionError("away")
            self.stored.append(json.loads(raw))
            yield number + 1

    def people(self) -> list[object]:
        """The people of all claims stored so far, which are forgotten."""
        people = [claim["people"] for report in self.stored for claim in report["claims"]]
        self.stored.clear()
        return people


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    found = Broker()
    monkeypatch.setattr(sending, "publish", found.publish)
    return found


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    monkeypatch.chdir(tmp_path)
    Path("map.toml").write_text(PLAIN.format(top="", claims=""))
    Path("sources.toml").write_text(SOURCES)
    return Inbox(tmp_path / "in")


def mapping() -> ImportMap:
    return load_mapping(Path("map.toml"))


def put(inbox: Inbox, name: str, rows: str) -> Path:
    path = inbox.folder / name
    path.write_text(HEAD + rows)
    return path


def import_it(inbox: Inbox, path: Path) -> Path:
    return import_one(path, inbox, mapping, ImportSender("broker:9092", Path("sources.toml"), None))


def report_beside(path: Path) -> str:
    return path.with_name(path.name + REPORT).read_text()


def test_a_file_ends_in_done_and_its_next_edition_sends_what_changed(broker: Broker, inbox: Inbox) -> None:
    done = import_it(inbox, put(inbox, "a.csv", "2023-05-01,A,900\n2023-05-02,A,950\n2023-05-03,A,9\n"))
    assert done == inbox.done / "a.csv"
    assert report_beside(done).splitlines()[-2:] == ["sum of what was taken: 1,859 people", "3 claims in 1 report"]
    assert broker.people() == [900, 950, 9]
    import_it(inbox, put(inbox, "a.csv", "2023-05-01,A,900\n2023-05-02,A,951\n"))
    assert broker.people() == [951, None]
    assert "1 unchanged, 1 corrected, 0 added, 1 withdrawn" in report_beside(done)
    assert not list(inbox.sending.iterdir())


@pytest.mark.parametrize(
    ("rows", "flow", "says"),
    [
        ("2023-05-01,A,900\n2023-05-02,A,n. d.\n", "BR:UY", "row 3, In: this is no number"),
        ("2023-05-01,A,900\n", "AR:UY", "claims[0].flow: source 'police' may report only on BR:UY"),
        ("", "BR:UY", "0 rows"),
    ],
)
def test_a_file_of_which_anything_is_wrong_ends_in_failed_and_nothing_is_sent(
    broker: Broker, inbox: Inbox, rows: str, flow: str, says: str
) -> None:
    Path("map.toml").write_text(PLAIN.format(top="", claims="").replace("BR:UY", flow))
    failed = import_it(inbox, put(inbox, "a.csv", rows))
    assert (failed, broker.stored) == (inbox.failed / "a.csv", [])
    assert says in report_beside(failed)
    assert "nothing was sent" in report_beside(failed)


def test_a_file_that_cannot_be_read_says_why_beside_it(broker: Broker, inbox: Inbox) -> None:
    path = inbox.folder / "a.csv"
    path.write_bytes(b"%PDF-1.4")
    assert "this is a PDF" in report_beside(import_it(inbox, path))
    assert broker.stored == []


def test_what_was_interrupted_is_sent_again_as_a_whole_before_any_other(
    broker: Broker, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST_CLAIMS", 1)
    path = put(inbox, "b.csv", "2023-05-01,A,1\n2023-05-02,A,2\n")
    broker.fails_after = 1
    with pytest.raises(KafkaConnectionError):
        import_it(inbox, path)
    assert broker.people() == [1]
    put(inbox, "a.csv", "2023-05-01,B,5\n")
    put(inbox, "b.csv", "2023-05-01,A,1\n")
    inbox.ready()
    assert inbox.ready() == [inbox.sending / "b.csv", inbox.folder / "a.csv"]

    Path("map.toml").write_text(PLAIN.format(top="", claims="").replace('"Day"', '"Date"'))
    with pytest.raises(BordertallyError, match="some of it was sent before; mend the mapping"):
        import_it(inbox, inbox.sending / "b.csv")
    Path("map.toml").write_text(PLAIN.format(top="", claims=""))
    broker.fails_after = None
    assert import_it(inbox, inbox.sending / "b.csv") == inbox.done / "b.csv"
    assert broker.people() == [1, 2]
    assert import_it(inbox, inbox.folder / "b.csv") == inbox.done / "b.csv"
    assert broker.people() == [None]


def test_a_file_is_ready_once_it_does_not_change_and_the_oldest_comes_first(inbox: Inbox) -> None:
    for name in (".hidden.csv", "half.csv.part", "x.csv" + REPORT):
        put(inbox, name, "")
    old, new = put(inbox, "old.csv", "1"), put(inbox, "new.csv", "1")
    os.utime(old, (1_000, 1_000))
    assert inbox.ready() == []
    assert inbox.ready() == [old, new]
    new.write_text("more")
    assert inbox.ready() == [old]
    assert inbox.ready() == [old, new]


def test_it_goes_on_until_it_is_stopped(broker: Broker, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "EVERY_S", 0.01)
    put(inbox, "a.csv", "2023-05-01,A,900\n")

    def interrupted(coroutine: Any) -> None:
        run(coroutine)
        if len(broker.stored) == 1:
            put(inbox, "b.csv", "2023-05-01,B,5\n")
        else:
            raise StoppedError("stopped")

    monkeypatch.setattr(sending, "run", interrupted)
    with pytest.raises(StoppedError):
        watch_folder(inbox.folder, mapping, ImportSender("broker:9092", Path("sources.toml"), None), historic=True)
    assert [report["historic"] for report in broker.stored] == [True, True]
    assert broker.people() == [900, 5]
    assert [path.name for path in inbox.done.iterdir() if path.suffix == ".csv"] == ["a.csv"]
    assert [path.name for path in inbox.sending.iterdir()] == ["b.csv"]
