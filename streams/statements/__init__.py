"""Statements in words: from a sentence to claims, with the span that says so.

A text goes through these in order: `scanning` puts marks on numbers, times, places and words of movement, out of the
tables of a `language` and the `gazetteer`; `segments` cuts sentences into one part a figure, `nouns` says what each
counts; `reasons` says why a figure is no claim; `movement` says from where to where, out of its `clues`, and `doubting`
what is not sure of it; `timing` says when; `thread` holds what the sentences before said; `reading` puts claims
together, with doubts about what had to be guessed; `words` turns them into a report.
"""
