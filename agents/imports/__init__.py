"""Files of many kinds in; tables, as numbered rows of cells, out."""
