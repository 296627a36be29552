"""Statements in words: a text goes in; claims come out, each with the words that say so, and doubts about the rest.

The modules in the order in which they process a text. In `lexicon/`, `language` compiles the tables of a language and
`gazetteer` those of places; `scanner` marks numbers, times, places and words of movement in a sentence; `segments`
divides the sentence into one part for each figure, and `nouns` finds what each figure counts. `exclusions` decides
which figures are not claims. `movement/` resolves origin and destination (`clues`, `ends`, `resolve`) and their
`doubts`. `timing` finds the period; `discourse` keeps the state of the text between sentences. `sentences` puts
claims together, `reader` is the entry, and `reports` turns a report in words into claims and items of the `review`.
"""
