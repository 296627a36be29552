"""Figures of flows from one origin to one destination in, from other ledgers; child flows of destinations out."""
