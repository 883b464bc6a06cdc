"""The environment of the Python that is deployed, where `make deployed` could make one."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

DEPLOYED = ROOT / ".tools/deployed/bin/python"
needs_deployed = pytest.mark.skipif(
    not DEPLOYED.exists(), reason="no environment of the Python that is deployed: `make deployed` makes it"
)
