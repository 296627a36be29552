"""Claims in; every claim by identity, the tree of flows, and the days whose figures changed, out."""
