"""The host as a process:

`python -m sandbox.functions_host ROOT --ready FILE`. Writes where it listens to FILE once it does; serves until
SIGTERM.
"""

import argparse
import json
import logging
import os
import secrets
import signal
import sys
from pathlib import Path

from sandbox.functions_host.invoking import Invoker
from sandbox.functions_host.loading import load
from sandbox.functions_host.queues import HIDDEN_SECONDS, QueuePump
from sandbox.functions_host.service import Service, disabled
from sandbox.serving import Server


def main() -> None:
    """Serves the app."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("root", type=Path)
    arguments.add_argument("--ready", type=Path, required=True)
    arguments.add_argument("--retry-seconds", type=int, default=None)
    arguments.add_argument("--hidden-seconds", type=int, default=HIDDEN_SECONDS)
    options = arguments.parse_args()
    # Blocked in all threads, so that only sigwait below takes them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    functions = {
        name: function for name, function in load(options.root, os.environ).items() if not disabled(name, os.environ)
    }
    invoker = Invoker()
    host = json.loads((options.root / "host.json").read_text(encoding="utf-8"))
    pump = QueuePump(functions.values(), invoker, os.environ, host, options.retry_seconds, options.hidden_seconds)
    keys = {"master_key": secrets.token_urlsafe(24), "function_key": secrets.token_urlsafe(24)}
    service = Service(functions, invoker, pump, **keys)
    with Server(service.application()) as server:
        pump.start()
        _write(options.ready, {"url": server.url, "functions": sorted(functions), **keys})
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        pump.stop()


def _write(path: Path, ready: dict[str, object]) -> None:
    # Moved into place, so that it is never seen half written; the keys in it are its owner's.
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(ready), encoding="utf-8")
    draft.rename(path)


if __name__ == "__main__":
    main()
