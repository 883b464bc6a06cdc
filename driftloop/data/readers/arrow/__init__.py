"""Arrow files and streams: the sizes that their messages state, and their rows as record batches."""
