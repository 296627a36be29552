"""Flows from one origin to one destination in; their figures, for the ledger of the destination, out."""
