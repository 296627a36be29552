"""The rules file in; the baseline of a day, and what all rules share (debounce, corroboration, wording), out."""
