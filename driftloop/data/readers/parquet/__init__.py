"""Parquet: the sizes that a file states before any of it is decoded, and its rows as record batches."""
