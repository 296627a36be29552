"""Learned baselines: what to expect of a day, out of a bounded number of days before it. One method a module."""
