"""Servers started on free loopback ports for the demo and the tests, and ended by their pid."""
