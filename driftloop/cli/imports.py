"""The garbage collector around imports: switched off by `driftloop.__main__` before them, on again behind them."""

from __future__ import annotations

import gc


def imports_are_done() -> None:
    """Collect garbage from now on, and leave out what was imported: it stays to the end."""
    gc.freeze()
    gc.enable()
