"""Alerts where people are: what waits for which receiver, as which message, and how it is sent."""
