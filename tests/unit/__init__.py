"""One test module for every module of streams/."""
