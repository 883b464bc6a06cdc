"""What the columns of a table are, from its first rows: kinds, roles, and the ground for each."""
