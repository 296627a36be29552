"""Text and the word tables of a language in; numbers, places, nouns and time phrases with their spans out."""
