"""How Sphinx builds these pages: `make docs` writes out/docs/, with every warning an error, for reading offline."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import driftloop  # noqa: E402

project = "Driftloop"
author = copyright = "The Driftloop authors"
release = driftloop.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = f"Driftloop {release}"
html_copy_source = False
# Sections of a page can be linked from another one, down to the third level.
myst_heading_anchors = 3
# Diagrams are shown as their source: drawing them would need a script from elsewhere.
suppress_warnings = ["misc.highlighting_failure"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_custom_sections = [("State", "params_style"), ("Answers", "params_style")]
