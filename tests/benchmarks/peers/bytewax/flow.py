"""Bytewax: Kafka in, stateful_flat_map by flow, Kafka out; recovery store in SQLite, a snapshot every 10 s."""

from __future__ import annotations

import os

import bytewax.operators as op
import msgspec
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow

from benchmarks.peers.rolling import Report, Row, State, new_state, step

E = os.environ
decode, encode = msgspec.json.Decoder(Report).decode, msgspec.json.encode


def parse(message: KafkaSourceMessage) -> tuple[str, Report]:
    report = decode(message.value)
    return report.flow, report


def total(state: State | None, report: Report) -> tuple[State, list[tuple[str, Row]]]:
    state = state or new_state()
    out, alert = step(state, report)
    return state, [("total", total) for total in out] + ([("alert", alert)] if alert else [])


def message(change: tuple[str, tuple[str, Row]]) -> KafkaSinkMessage:
    return KafkaSinkMessage(change[0].encode(), encode(change[1][1]))


flow = Dataflow("rolling_totals")
reports = kop.input("reports", flow, brokers=[E["BROKER"]], topics=[E["IN_TOPIC"]])
changes = op.stateful_flat_map("totals_by_flow", op.map("parse", reports.oks, parse), total)
split = op.branch("is_total", changes, lambda change: change[1][0] == "total")
kop.output("totals", op.map("encode_totals", split.trues, message), brokers=[E["BROKER"]], topic=E["OUT_TOPIC"])
kop.output("alerts", op.map("encode_alerts", split.falses, message), brokers=[E["BROKER"]], topic=E["ALERT_TOPIC"])
