"""What the columns of a table are: names, kinds, units, roles."""

from driftloop.data.schema.column import COMPARED, Column, Kind, Role
from driftloop.data.schema.schema import MISSING_TEXTS, Schema, Season

__all__ = ["COMPARED", "MISSING_TEXTS", "Column", "Kind", "Role", "Schema", "Season"]
