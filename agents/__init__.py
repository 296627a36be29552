"""What moves it: thin asynchronous shells around the pure core, one hop a file."""
