"""How numbers are said to people, the same everywhere."""
