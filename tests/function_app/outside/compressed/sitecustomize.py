"""The app's own waiting times, shortened, so that a drift's whole life fits into a minute. Nothing else is changed.

Python imports this module first where its folder is on PYTHONPATH; it looks at each module of the app as it is loaded.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from datetime import timedelta
from types import ModuleType

SHORT: dict[str, dict[str, object]] = {
    "function_app.retraining.failures": {
        "FIRST_SEND_PAUSE": timedelta(seconds=1),
        "LONGEST_SEND_PAUSE": timedelta(seconds=4),
        "FIRST_RUN_PAUSE": timedelta(seconds=2),
        "LONGEST_RUN_PAUSE": timedelta(seconds=4),
    },
    "function_app.retraining.steps": {
        # A machine with more work than cores may stand still for seconds: the lease stays long beside a request.
        "LEASE": timedelta(seconds=20),
        "SKEW": timedelta(seconds=2),
        "LAST_MOMENT": timedelta(seconds=12),
        "CONFIRM_LIMIT": timedelta(seconds=10),
        "CONFIRM_PAUSES": (0.1, 0.3),
        "SENT_LOOK": timedelta(seconds=2),
        "CONFIRMED_LOOK": timedelta(seconds=3),
    },
    "function_app.dispatch.http_session": {"TIMEOUT": (2.0, 4.0)},
    "function_app.dispatch.rate_limits": {"LONGEST_PAUSE": timedelta(seconds=4)},
    "function_app.event_grid.new_data": {"QUIET": timedelta(seconds=1)},
    "function_app.queue.sending": {"ROUND_PAUSE": 0.2},
    "function_app.queue.timer": {"TOLERANCE": timedelta(seconds=1)},
    "function_app.queue.waiting": {"LOST": timedelta(seconds=20), "LOOKS": 10},
}


class _Shortening(importlib.abc.MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in SHORT:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return None
        loader, execute = spec.loader, spec.loader.exec_module

        def shortened(module: ModuleType) -> None:
            execute(module)
            for constant, value in SHORT[name].items():
                if not hasattr(module, constant):
                    raise ImportError(f"{name} has no {constant}: the campaign knows another version of the app")
                setattr(module, constant, value)

        loader.exec_module = shortened  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, _Shortening())
