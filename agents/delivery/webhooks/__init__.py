"""The webhooks hop: alert events to HTTP endpoints, signed, in order, tried again."""
