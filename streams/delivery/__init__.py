"""Totals and alerts in; the shapes that outsiders see (CloudEvents, CAP, Atom, Alertmanager, metrics) out."""
