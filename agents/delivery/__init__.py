"""Records of totals and alerts in; delivered to Redis, Alertmanager and webhooks, each a channel, out."""
