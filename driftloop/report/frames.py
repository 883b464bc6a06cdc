"""Rows as a data frame of pandas or polars, whichever the program uses."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from driftloop.errors import InputError
from driftloop.validation import nearest

KNOWN = ("pandas", "polars")


def frame_of(rows: Sequence[dict[str, Any]], names: Sequence[str], library: str | None = None) -> Any:
    """A data frame of rows that all have the same entries.

    Parameters
    ----------
    rows : plain values by column.
    names : the columns, in order, also where there are no rows.
    library : "pandas" or "polars"; when left out, the one that the program uses already, else one that is installed.

    Raises
    ------
    InputError
        For another library, or when none is installed.
    """
    return _module(library).DataFrame({name: [row[name] for row in rows] for name in names})


def _module(wanted: str | None) -> Any:
    if wanted is not None and wanted not in KNOWN:
        raise InputError(f"to_frame: no data frames of {wanted!r}{nearest(str(wanted), KNOWN)}")
    order = [wanted] if wanted else sorted(KNOWN, key=lambda name: name not in sys.modules)
    for name in order:
        try:
            return import_module(name)
        except ImportError:
            continue  # the other one will do; that neither is there is said below
    raise InputError(f"to_frame needs {' or '.join(order)}: install it, or use to_dict()")
