"""CSV: the dialect of a file, where its records end, and its rows as record batches."""
