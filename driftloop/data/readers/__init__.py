"""Files, folders and open files as streams of record batches: one reader for all that reads data."""

from driftloop.data.readers.file_formats import format_of, is_data_file
from driftloop.data.readers.projection import UNREAD
from driftloop.data.readers.sources import list_windows
from driftloop.data.readers.stream import BatchStream, read_batches
from driftloop.data.tables import BATCH_ROWS, as_batches

__all__ = [
    "BATCH_ROWS",
    "UNREAD",
    "BatchStream",
    "as_batches",
    "format_of",
    "is_data_file",
    "list_windows",
    "read_batches",
]
