"""The records on totals and alerts in; Redis, Alertmanager and webhooks out."""
