"""Records of totals and alerts in; the view of them in Redis, and what reads the view, out."""
