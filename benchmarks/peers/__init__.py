"""Other tools on the same records, each in an environment of its own below out/peers, with its default settings."""
