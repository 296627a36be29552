"""The gateway: what people and programs ask over HTTP, out of the view in Redis and the topics."""
