"""The records on totals and alerts in; server-sent events, resumable by position, out."""
