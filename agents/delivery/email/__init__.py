"""Alerts and flow states in; e-mails to subscribers, by SMTP, out."""
