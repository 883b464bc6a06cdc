"""Evidence over windows, kept by a Python program: the monitor, its history, and its file."""
