"""The pure core, read in the order of its folders: reports in, totals and alerts out; no I/O and no wall clock."""
