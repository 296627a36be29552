"""Clients of Kafka, and every place where Faust or aiokafka is patched, with the reason."""
