"""HTTP requests in; the JSON API, the feeds and the board out."""
