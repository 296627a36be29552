"""Statements in words: a text goes in; claims come out, each with the words that say so, and doubts about the rest.

The modules in the order in which a text meets them. `lexicon/` knows words: `language` compiles the tables of a
language, `gazetteer` those of places; `scanner` marks numbers, times, places and words of movement in a sentence;
`segments` cuts it into one part for each figure, and `nouns` says what each figure counts. `exclusions` says why a
figure is no claim. `movement/` works out from where to where people went (`clues`, `ends`, `resolve`) and `doubts`
what is open about it. `timing` finds the period; `discourse` keeps what the sentences before said. `sentences` puts
claims together, `reader` is the entry, and `reports` turns a whole report in words into claims and items of `review`.
"""
