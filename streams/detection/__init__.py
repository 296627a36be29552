"""A flow and the rules in; the episodes that each rule finds, one rule a file, out."""
