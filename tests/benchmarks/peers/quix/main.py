"""Quix Streams: one StreamingDataFrame, a stateful function by message key (RocksDB and a changelog topic)."""

from __future__ import annotations

import os
from typing import Any

from quixstreams import Application, State

from benchmarks.peers.rolling import IDS, KEEP, Row, isoday, ordinal

E = os.environ
app = Application(
    broker_address=E["BROKER"],
    consumer_group=E["GROUP"],
    consumer_extra_config={"group.instance.id": E["INSTANCE"]},
    auto_offset_reset="earliest",
    state_dir=E["STATE_DIR"],
    loglevel="WARNING",
    processing_guarantee="exactly-once" if E.get("EOS") else "at-least-once",
)
reports = app.topic(E["IN_TOPIC"], value_deserializer="json", key_deserializer="str")
totals = app.topic(E["OUT_TOPIC"], value_serializer="json", key_serializer="str")
alerts = app.topic(E["ALERT_TOPIC"], value_serializer="json", key_serializer="str")


def total(report: dict[str, Any], state: State) -> list[tuple[str, Row]]:
    """As rolling.step does, on the state that Quix keeps: JSON, so days are text there."""
    day = ordinal(report["period"][:10])
    ids = state.get(f"ids:{day}", [])
    if report["id"] in ids:
        return []
    ids.append(report["id"])
    state.set(f"ids:{day}", ids)
    stored = state.get("days", None) or {"newest": 0, "tot": {}, "alerted": []}
    tot = {int(number): people for number, people in stored["tot"].items()}
    tot[day] = tot.get(day, 0) + report["people"]
    if day > stored["newest"]:
        stored["newest"] = day
        for old in [number for number in tot if number <= day - KEEP]:
            del tot[old]
        state.delete(f"ids:{day - IDS}")
        stored["alerted"] = [number for number in stored["alerted"] if number > day - IDS]
    out: list[tuple[str, Row]] = []
    for d in range(day, min(stored["newest"], day + 6) + 1):
        people = tot.get(d)
        if people is None:
            continue
        history = [tot[number] for number in range(d - 7, d) if number in tot]
        mean = sum(history) / 7 if len(history) == 7 else None
        row = {"flow": report["flow"], "day": isoday(d), "total": people, "baseline": mean, "at": report["published"]}
        out.append(("total", {**row, "rolling7": people + sum(tot.get(number, 0) for number in range(d - 6, d))}))
        if d == day and mean is not None and people > 1.3 * mean and d not in stored["alerted"]:
            stored["alerted"].append(d)
            out.append(("alert", row))
    stored["tot"] = {str(number): people for number, people in tot.items()}
    state.set("days", stored)
    return out


changes = app.dataframe(reports).apply(total, stateful=True, expand=True)
changes.filter(lambda change: change[0] == "total").apply(lambda change: change[1]).to_topic(totals)
changes.filter(lambda change: change[0] == "alert").apply(lambda change: change[1]).to_topic(alerts)
if __name__ == "__main__":
    app.run()
