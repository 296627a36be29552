"""The first rows of a table in; a mapping in TOML, with what a person must decide, out."""
