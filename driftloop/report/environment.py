"""The templates' environment: everything from the data is escaped, and a name that is missing is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftloop.report.words.links import is_link
from driftloop.report.words.plain_text import visible

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(package: str) -> Environment:
    """An environment of the folder `templates` in a package, with the report's filters and tests."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["visible"] = visible
    made.filters["day"] = lambda moment: moment[:10]
    made.filters["minute"] = lambda moment: moment[:16].replace("T", " ")
    made.tests["link"] = is_link
    return made
