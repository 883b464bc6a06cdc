"""The results as tables that a person reads."""
