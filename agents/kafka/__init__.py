"""Clients of Kafka, and every place where Faust, mode or aiokafka is patched, with the reason."""
