"""The configuration of one broker and of three; the cluster itself runs in `make chaos CLUSTER=3`."""

from pathlib import Path

from bordertally.agents.servers.kafka import BrokerNode, _properties


def properties(node: BrokerNode, nodes: list[BrokerNode]) -> dict[str, str]:
    text = _properties(node, nodes, Path("/data"), None)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_one_broker_has_one_copy_of_everything_and_is_alone_in_its_quorum() -> None:
    node = BrokerNode(1, 20_001, 20_002)
    lines = properties(node, [node])
    assert lines["controller.quorum.voters"] == "1@127.0.0.1:20002"
    assert lines["listeners"] == "PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20002"
    assert lines["advertised.listeners"] == "PLAINTEXT://127.0.0.1:20001"
    assert {lines[name] for name in lines if "replication.factor" in name or "isr" in name} == {"1"}


def test_three_brokers_keep_three_copies_of_which_two_acknowledge() -> None:
    nodes = [
        BrokerNode(1, 20_001, 20_002),
        BrokerNode(2, 20_003, 20_004, (20_007, 20_008)),
        BrokerNode(3, 20_005, 20_006),
    ]
    lines = properties(nodes[1], nodes)
    assert lines["node.id"] == "2"
    assert lines["controller.quorum.voters"] == "1@127.0.0.1:20002,2@127.0.0.1:20004,3@127.0.0.1:20006"
    copies = {name: value for name, value in lines.items() if name.endswith("replication.factor")}
    assert set(copies.values()) == {"3"}
    assert len(copies) == 4
    assert {value for name, value in lines.items() if name.endswith(("min.isr", "min.insync.replicas"))} == {"2"}


def test_a_detour_is_listened_to_at_one_port_and_advertised_at_another() -> None:
    node = BrokerNode(1, 20_001, 20_002, (20_003, 20_004))
    lines = properties(node, [node])
    assert "DETOUR://127.0.0.1:20003" in lines["listeners"].split(",")
    assert lines["advertised.listeners"] == "PLAINTEXT://127.0.0.1:20001,DETOUR://127.0.0.1:20004"
    assert "DETOUR:PLAINTEXT" in lines["listener.security.protocol.map"].split(",")
