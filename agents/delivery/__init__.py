"""Delivery: totals and alerts to where subscribers look. Every view can be lost and is rebuilt from the topics."""
