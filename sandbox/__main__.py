"""`make run`: the whole loop on this machine, with no account, through the code that runs in production."""

import argparse
import json
import shlex
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from driftloop.errors import DriftloopError
from driftloop.wording.counts import count_of
from sandbox.access import table
from sandbox.azurite import AzuriteError
from sandbox.functions_host import FunctionsHost
from sandbox.loop import Loop, LoopError
from sandbox.record import write
from sandbox.services import ROOT, Services, running
from sandbox.stage import world_of
from sandbox.timeline import Timeline
from sandbox.watching import configuration
from sandbox.world import SHORT_STORY, STORY, World

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when the story went as it should, 1 when not, 130 when interrupted."""
    options = _options(arguments)
    # SIGINT as well: a job that a script put into the background starts with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    timeline = Timeline()
    story = SHORT_STORY if options.short else STORY
    try:
        world = world_of(options.model, options.seed, story, timeline, options.strength)
    except KeyboardInterrupt:
        return INTERRUPTED
    except DriftloopError as error:
        timeline.event(str(error), outcome="failure")
        return 1
    # absolute, because what is started has folders of its own to run in
    out = (options.out or (ROOT / "out" / options.model if options.model else ROOT / "out")).absolute()
    out.mkdir(parents=True, exist_ok=True)
    # A folder of its own, so that two loops can run at once; it is kept only where its logs are needed.
    folder = Path(tempfile.mkdtemp(prefix="sandbox-", dir=out))
    try:
        with running(folder, configuration(world.play)) as services:
            timeline.event("Azurite, Azure, GitHub and the Functions host are up on loopback", seconds=timeline.elapsed)
            _play(services, world, timeline, out)
            if options.requests:
                services.azure.recorder.write(options.requests)
            if options.roles:
                options.roles.write_text(table.markdown(services.azure.access.uses()), encoding="utf-8")
            if options.keep:
                _keep(services, world.model, timeline)
    except KeyboardInterrupt:
        timeline.event("interrupted; everything that was started has been stopped")
        shutil.rmtree(folder, ignore_errors=True)
        return INTERRUPTED
    except (LoopError, AzuriteError) as error:
        timeline.event(str(error), outcome="failure")
        timeline.detail(f"everything that was started has been stopped; its logs are kept in {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run ARGS=...", description=__doc__)
    parser.add_argument("--model", metavar="NAME", help="a folder in models/ (default: the built-in example)")
    parser.add_argument("--strength", type=float, help="of the change in a model's own world (default: rehearsed)")
    parser.add_argument("--short", action="store_true", help="fewer ordinary days, and fewer after the retrain")
    parser.add_argument("--keep", action="store_true", help="leave endpoint and dashboard serving until Ctrl-C")
    parser.add_argument("--seed", type=int, default=442, help="of the world (default: %(default)s)")
    parser.add_argument(
        "--out", type=Path, help="where loop.json and report.html go (default: out, or out/NAME for a named model)"
    )
    parser.add_argument("--roles", type=Path, help="write who asked for what, as the table of docs/identities.md")
    parser.add_argument(
        "--requests", type=Path, help="write every request that reached Azure's stand-in, as JSON Lines"
    )
    return parser.parse_args(arguments)


def _play(services: Services, world: World, timeline: Timeline, out: Path) -> None:
    loop = Loop(services, world, timeline)
    try:
        loop.play()
    except LoopError:
        write(loop, out)  # what happened until a failure is what one wants to read then
        raise
    paths = write(loop, out)
    timeline.heading(f"{_summary(loop)} in {timeline.elapsed:.0f} s")
    for path in paths:
        timeline.event(str(_shown(path)))


def _summary(loop: Loop) -> str:
    drifts = loop.ledger.drifts(loop.world.model)
    counts = {
        "check": len(loop.days),
        "drift": len(drifts),
        "dispatch": sum(drift.sent_at is not None for drift in drifts),
        "model version": len(loop.gates),
    }
    plural = {"dispatch": "dispatches"}
    return ", ".join(count_of(number, name, plural.get(name, "")) for name, number in counts.items())


def _keep(services: Services, model: str, timeline: Timeline) -> None:
    """Print where people enter measurements, how to score a record, and wait for Ctrl-C."""
    endpoint = services.azure.endpoints.all()[0]
    smoke = json.loads(_smoke_records(services, model))
    command = [
        *("curl", "--cacert", str(services.azurite.certificate.authority)),
        *("-H", f"Authorization: Bearer {endpoint.keys['Primary']}", "-H", "Content-Type: application/json"),
        *("-d", json.dumps({"data": smoke["request"]["data"][:1]}), services.azure.deployments()[0]["scoring_uri"]),
    ]
    page = f"{services.functions.url}/api/predict/{model}?code={services.functions.function_key}"
    timeline.heading("The page for the people who use the model, until Ctrl-C:")
    timeline.console.print(page, soft_wrap=True, markup=False, highlight=False)
    timeline.heading(f"The endpoint of {model} keeps serving, too. To score a record:")
    timeline.console.print(shlex.join(command), soft_wrap=True, markup=False, highlight=False)
    timeline.heading("Its dashboard, with the key of this run's function app:")
    timeline.console.print(dashboard_url(services.functions), soft_wrap=True, markup=False, highlight=False)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        timeline.event("stopping")


def dashboard_url(functions: FunctionsHost) -> str:
    """Where a browser finds the dashboard of a running function app."""
    return f"{functions.url}/api/dashboard?code={quote(functions.function_key, safe='')}"


def _smoke_records(services: Services, model: str) -> bytes:
    version = services.azure.models()[-1]["version"]
    return services.container("baselines").download_blob(f"{model}/{version}.smoke.json").readall()


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
