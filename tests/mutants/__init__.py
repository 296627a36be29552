"""Mutation testing: one small fault at a time is put into the code; a fault that no quick test detects survives."""
