"""The shells around the core, in the order of their folders: Kafka, Redis, HTTP, the terminal."""
