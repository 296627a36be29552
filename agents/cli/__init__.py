"""The command `bordertally`: arguments in, exit code and output out."""
