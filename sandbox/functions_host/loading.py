"""Finds the function app and indexes it, with the Python worker's rules. What would leave an app with zero functions in
Azure is an error here.
"""

import importlib
import inspect
import json
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_SCRIPT = "function_app.py"
SCRIPT_SETTING = "PYTHON_SCRIPT_FILE_NAME"


class IndexingError(Exception):
    """The worker would not index the app."""


@dataclass(frozen=True)
class LoadedFunction:
    """One function: its trigger and other bindings as the host sees them (JSON), and what to call."""

    name: str
    call: Callable[..., Any]
    bindings: tuple[Mapping[str, Any], ...]

    @property
    def trigger(self) -> Mapping[str, Any]:
        """The binding that starts it."""
        return next(binding for binding in self.bindings if str(binding["type"]).lower().endswith("trigger"))


def load(root: Path, environ: Mapping[str, str]) -> dict[str, LoadedFunction]:
    """The app's functions by name. Raises IndexingError."""
    import azure.functions as func

    script = environ.get(SCRIPT_SETTING) or DEFAULT_SCRIPT
    if not script.endswith(".py") or "/" in script or not (root / script).is_file():
        raise IndexingError(f"{root / script} does not exist: {SCRIPT_SETTING} must name a file in the app's root")
    sys.path.insert(0, str(root))
    module = importlib.import_module(script.removesuffix(".py"))
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionApp)]
    if len(apps) != 1:
        raise IndexingError(f"{module.__name__} has {len(apps)} names for a FunctionApp: exactly one is indexed")
    functions = [_function(built) for built in apps[0].get_functions()]
    if not functions:
        raise IndexingError(f"{module.__name__} has no functions")
    return {function.name: function for function in functions}


def _function(built: Any) -> LoadedFunction:
    # As text and back: what cannot be JSON never reaches the host.
    bindings = tuple(json.loads(text) for text in built.get_raw_bindings())
    function = LoadedFunction(built.get_function_name(), built.get_user_function(), bindings)
    triggers = [binding for binding in bindings if str(binding["type"]).lower().endswith("trigger")]
    if len(triggers) != 1:
        raise IndexingError(f"function {function.name} has {len(triggers)} triggers: it needs one")
    _check_parameters(function)
    return function


def _check_parameters(function: LoadedFunction) -> None:
    from azure.functions import meta

    parameters = inspect.signature(function.call).parameters
    hints = typing.get_type_hints(function.call)
    incoming = {
        str(binding["name"]): binding for binding in function.bindings if str(binding["direction"]).upper() == "IN"
    }
    if set(parameters) - {"context"} != set(incoming):
        raise IndexingError(
            f"function {function.name} takes {sorted(parameters)}, its bindings give {sorted(incoming)}"
        )
    for name, binding in incoming.items():
        registry = meta.get_binding_registry()  # type: ignore[no-untyped-call]
        converter = registry.get(str(binding["type"]))
        if converter is None:
            raise IndexingError(f"function {function.name}: the worker knows no binding {binding['type']!r}")
        if name in hints and not converter.check_input_type_annotation(hints[name]):
            raise IndexingError(f"function {function.name}: parameter {name!r} cannot be a {hints[name]!r}")
