"""The places of a sentence in; who moved from where to where, or the reason for doubt, out."""
