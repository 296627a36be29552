"""Bytes from a producer in; checked claims, or one rejection that quotes field and value, out."""
