"""The compiled functions of scipy.special, without the package around them."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest
from scipy import special as whole

import driftloop
from driftloop.stats import special as module
from driftloop.stats.special import CALLED, special

PACKAGE_FOLDER = Path(driftloop.__file__).parent
LOADED = """
import sys
import driftloop.stats.distributions
import numpy
print(sorted({"numpy.f2py", "numpy.testing", "unittest", "scipy.special", "scipy.special._ufuncs"} & set(sys.modules)))
print([type(finder).__module__ for finder in sys.meta_path if type(finder).__module__.startswith("driftloop")])
"""
AFTERWARDS = """
import driftloop.stats.distributions
from driftloop.stats.special import special as ours
from scipy import special, stats
from scipy.special import cython_special, erfcinv, logsumexp
print(ours is special, ours.ndtri is special.ndtri, special.stdtr(3.0, 0.0))
print(round(float(stats.norm.sf(1.96)), 4), round(float(logsumexp([0.0, 0.0])), 4), cython_special.gammaln(3.0) > 0)
print("Notes" in special.ndtri.__doc__)
"""
BEFORE = """
from scipy import special
from driftloop.stats.special import special as ours
print(ours is special)
"""
TWO_THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
def whole():
    from scipy.special import erfcinv, logsumexp
    return round(float(logsumexp([0.0, 0.0])), 4)
def compiled():
    from driftloop.stats.special import special
    return float(special.stdtr(3.0, 0.0))
with ThreadPoolExecutor(8) as pool:
    print({task.result() for task in [pool.submit(work) for work in (whole, compiled) * 4]} == {0.6931, 0.5})
"""


def _lines(code: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()


def test_only_the_compiled_functions_are_loaded_and_no_finder_stays() -> None:
    assert _lines(LOADED) == ["['scipy.special._ufuncs']", "[]"]


def test_whoever_imports_the_package_afterwards_gets_all_of_it_with_the_same_functions() -> None:
    assert _lines(AFTERWARDS) == ["False True 0.5", "0.025 0.6931 True", "True"]


def test_a_package_that_is_loaded_already_is_taken() -> None:
    assert _lines(BEFORE) == ["True"]


def test_a_thread_that_imports_the_package_meanwhile_gets_all_of_it() -> None:
    assert _lines(TWO_THREADS) == ["True"]


def test_every_function_that_the_engine_calls_is_the_package_s_own() -> None:
    assert all(getattr(special, name) is getattr(whole, name) for name in CALLED)


def test_a_scipy_that_keeps_a_function_elsewhere_is_imported_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, module.PACKAGE)
    monkeypatch.setitem(sys.modules, module.COMPILED, cast("ModuleType", SimpleNamespace(ndtri=None)))
    assert module._compiled() is None
    assert module.PACKAGE not in sys.modules
    monkeypatch.setattr(module, "import_module", lambda name: (_ for _ in ()).throw(ModuleNotFoundError(name)))
    assert module._compiled() is None


def test_the_engine_has_these_functions_from_one_place() -> None:
    """Another import of the package would bring back the time that this module saves."""
    sources = [path for path in PACKAGE_FOLDER.rglob("*.py") if path != Path(module.__file__)]
    import_of_it = re.compile(r"^\s*(from|import) scipy\.special", re.M)
    importing = [path.name for path in sources if import_of_it.search(path.read_text())]
    assert importing == []
    called = {name for path in sources for name in re.findall(r"\bspecial\.([a-z]+)\(", path.read_text())}
    assert called == set(CALLED)
