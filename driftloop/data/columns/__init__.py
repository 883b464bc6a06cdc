"""One Arrow column, whatever its type, as what the statistics need: float64 values, or texts by code."""
