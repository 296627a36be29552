"""Statements in words: from a sentence to claims, with the span that says so.

A text goes through these in order: `scanning` puts marks on numbers, times, places and words of movement, out of the
tables of a `language` and the `gazetteer`; `segments` cuts sentences into one part a figure; `movement` says from where
to where; `reader` puts claims together, with doubts about what had to be guessed; `words` turns them into a report.
"""
