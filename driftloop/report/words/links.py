"""Where a page may lead to."""

from __future__ import annotations

import re
from typing import Any

_LINK = re.compile(r"https?://[^\s<>\"'\x00-\x20\x7f-\x9f]+", re.ASCII)


def is_link(url: Any) -> bool:
    """Whether it is a web address, and no `javascript:` or other scheme.

    Examples
    --------
    >>> is_link("https://example.org/runs/17"), is_link("javascript:alert(1)")
    (True, False)
    """
    return isinstance(url, str) and _LINK.fullmatch(url) is not None
