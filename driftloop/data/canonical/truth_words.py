"""Booleans and pairs of words such as no/yes: in the words of the schema, whatever a writer took."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from driftloop.data.arrow import texts_array
from driftloop.data.columns.distinct import as_dictionary
from driftloop.data.columns.texts import category_names
from driftloop.data.formats.true_false import in_words_of
from driftloop.data.schema import Column


@dataclass
class TruthForm:
    """Two categories that mean true and false."""

    column: Column
    is_open: bool = False

    def look(self, array: pa.Array, missing: tuple[str, ...]) -> None:
        """Nothing to decide: the schema knows the words."""

    def rewrite(self, array: pa.Array, missing: tuple[str, ...]) -> pa.Array:
        """Texts in the words of the schema."""
        del missing  # they stay what they are
        if pa.types.is_boolean(array.type) and self.column.format == "false/true":
            return array
        if pa.types.is_null(array.type):
            return array
        encoded = as_dictionary(array)
        words = in_words_of(category_names(encoded.dictionary), self.column.format)
        return pa.DictionaryArray.from_arrays(encoded.indices, texts_array(words))
