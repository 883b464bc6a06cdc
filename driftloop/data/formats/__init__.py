"""How numbers, dates and truth values are written in text, and the values that they stand for."""
