"""Laws that hold for every set of reports."""
