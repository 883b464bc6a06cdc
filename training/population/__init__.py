"""The population that a model is meant for: its typical record, and how unlike it a new one is."""
