"""The page for the people who use a model: measurements in, prediction out, with what drove it and what to doubt."""
