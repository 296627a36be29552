"""The sample week in; its totals and alerts, computed by a whole pipeline on this machine, out."""
