"""A request for a page of the board in; the page in the reader's language, and the files that it loads, out."""
