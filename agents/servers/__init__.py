"""A server's name and port in; the server running as a child process out, for the demo and the tests."""
