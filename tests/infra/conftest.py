"""The Bicep reader lives beside its tests and is imported by its file name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
