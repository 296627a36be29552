"""`make fuzz`: bytes that coverage leads (atheris, libFuzzer) against the intake, from the sample's reports on."""

from __future__ import annotations

import sys
import tempfile
from importlib import resources
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["streams", "bordertally.agents.runtime.languages"], enable_loader_override=False
):
    from fuzz.target import intake

WORDS = [
    *("flow", "period", "people", "qualifier", "population", "claims", "normal", "daily", "per", "text", "measure"),
    *("published", "source", "change_percent", "RU:KZ", "2022-09-21/P7D", "P1D/", "PT1H", "citizens:RU", "at_least"),
    *("\\\\ud800", "1e999", "-0.0", "NaN", "[[[[", "null", "2022-09-27T09:00:00Z", "about", '\\": {\\"', "unit"),
]


def one_input(raw: bytes) -> None:
    """What atheris calls."""
    intake(raw)


def main() -> None:
    """Arguments are libFuzzer's, say -runs=1000000 or -max_total_time=60."""
    seeds = Path(tempfile.mkdtemp(prefix="bordertally-fuzz-"))
    sample = resources.files("bordertally.agents.demo").joinpath("sample.ndjson").read_bytes()
    for number, line in enumerate(sample.splitlines()):
        (seeds / str(number)).write_bytes(line.replace(b'"source":"', b'"source":"a","was":"'))
    dictionary = seeds.with_suffix(".dict")
    dictionary.write_text("".join(f'"{word}"\n' for word in WORDS), encoding="utf-8")
    options = [f"-dict={dictionary}", "-max_len=4096", "-timeout=20", f"-artifact_prefix={seeds}-"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(seeds)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
