"""`driftloop dashboard`: all models, their checks and what came of them, in a browser on this machine."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from driftloop.cli.imports import imports_are_done
from driftloop.cli.options import language_option, quiet_option
from driftloop.cli.output import flush, say
from driftloop.cli.paths import PATH
from driftloop.errors import ConfigError, InputError
from driftloop.wording.counts import count_of

if TYPE_CHECKING:
    from driftloop.dashboard.source import Source

PORT = 8050
"""Above the ports that need rights, and none that is commonly in use beside a notebook (8888) or MLflow (5000)."""


@click.command(short_help="Show all models and what came of their drifts, in a browser.")
@click.option("--config", type=PATH, default=Path("driftloop.toml"), help="The driftloop.toml of the set-up.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
@language_option
@quiet_option
def dashboard(*, config: Path, port: int, language: str | None, quiet: bool) -> None:
    """Show all models and what came of their drifts in a browser, until Ctrl-C.

    Reads the storage account that DRIFTLOOP_STORAGE__* name, signed in as you are (az login), and changes nothing.
    Only this machine is answered.

    \b
    Examples:
      driftloop dashboard
      driftloop dashboard --config ../shop/driftloop.toml --port 0
    """
    from driftloop.dashboard.server import DashboardServer

    source = _source(config)
    imports_are_done()
    try:
        server = DashboardServer(source, port, language=language)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise InputError(
            f"--port {port}: cannot be used ({error.strerror}): choose another, or 0 for a free one"
        ) from None
    with server:
        if not quiet:
            models = count_of(len(source.config.models), "model")
            say(f"{server.url} shows {models} until Ctrl-C; {server.url}metrics is for Prometheus")
            flush()
        server.serve_forever()


def _source(config: Path) -> Source:
    """What a package beside driftloop.toml says to show. Raises ConfigError where there is none."""
    from driftloop.checkup.parts import modules_of

    for module in modules_of(config.resolve().parent, "dashboard"):
        if hasattr(module, "open_source"):
            source: Source = module.open_source(config, os.environ)
            return source
    raise ConfigError(
        f"{config}: no package beside it says where the ledger is: run this in the repository that the function app is "
        "deployed from"
    )
