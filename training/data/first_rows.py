"""The first rows of tables that come one after the other, by an order, in memory for twice as many."""

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

Ordering = list[tuple[str, Literal["ascending", "descending"]]]
"""Columns and which way each is sorted."""


class FirstRows:
    """Keeps the `limit` rows that come first by `order`.

    Parameters
    ----------
    limit : rows that are kept.
    order : columns, each ascending or descending; together they tell any two rows apart.
    """

    def __init__(self, limit: int, order: Ordering) -> None:
        self._limit = limit
        self._order = order
        self._held: list[pa.Table] = []
        self._rows = 0
        self._worst: pa.Scalar | None = None

    def add(self, table: pa.Table) -> None:
        """Some rows more."""
        if self._worst is not None:
            column, direction = self._order[0]
            reaches = pc.less_equal if direction == "ascending" else pc.greater_equal
            table = table.filter(reaches(table[column], self._worst))
        # a copy: a slice of few rows would keep all of a table in memory
        self._held.append(table.combine_chunks())
        self._rows += len(table)
        if self._rows > 2 * self._limit:
            self._cut()

    def table(self) -> pa.Table:
        """The rows, in no order. There must have been a table."""
        self._cut()
        return self._held[0]

    def _cut(self) -> None:
        table = pa.concat_tables(self._held)
        if len(table) > self._limit:
            table = table.take(pc.select_k_unstable(table, self._limit, sort_keys=self._order))
            if self._limit:
                self._worst = table[self._order[0][0]][self._limit - 1]
        self._held, self._rows = [table.combine_chunks()], len(table)
