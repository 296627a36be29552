"""The ledger in; why a figure is what it is (the claims, their roles, the path of a report) out."""
