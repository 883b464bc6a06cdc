"""How the columns of one source are written, decided once; its batches in one form afterwards."""
