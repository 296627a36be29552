"""Real servers as child processes, for the demo and the tests; production brings its own."""
