"""Draws docs/pictures/: terminal, report and dashboard of a loop that is played for it (`make screenshots`).

The loop is the real one, so that the pictures show what people see. Terminals become SVG (rich), pages PNG (Chromium).
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

import driftloop
from driftloop.report.terminal import subgroup_lines, table
from sandbox.__main__ import dashboard_url
from sandbox.loop import Loop
from sandbox.record import write
from sandbox.services import Services, running
from sandbox.stage import world_of
from sandbox.timeline import Timeline
from sandbox.watching import configuration
from sandbox.world import STORY
from tests.chromium import Browser, running_browser

MOST_BYTES = 150_000
"""Of a picture: whoever clones the repository carries them all, and all their versions."""
SEED = 442
"""`make run`'s own, so that the picture tells the story that a reader will see."""
LOOP_WIDTH, CHECK_WIDTH = 132, 80
"""Cells: what the loop's lines take, advice in brackets apart, and what a terminal has."""
DESKTOP, PHONE = (1120, 860), (390, 760)
_FONT = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
"""rich names fonts on a server of others: a picture asks for nothing."""


def main(folder: Path) -> None:
    """Play the loop, and write the pictures of it."""
    folder.mkdir(parents=True, exist_ok=True)
    console = recorder(LOOP_WIDTH)
    with loop(console) as (services, played):
        save(folder / "loop.svg", terminal(console, "make run").encode())
        save(folder / "check.svg", check_picture(services, played.world.model).encode())
        with running_browser() as browser, tempfile.TemporaryDirectory() as pages:
            page = drift_report(services, played, Path(pages))
            save(folder / "report.png", picture(browser, page, DESKTOP))
            save(folder / "report-phone.png", picture(browser, page, PHONE, "dark"))
            save(folder / "dashboard.png", picture(browser, dashboard_url(services.functions), DESKTOP))


def recorder(width: int) -> Console:
    """A console that prints nothing, and keeps what it was told."""
    return Console(record=True, width=width, file=StringIO(), highlight=False)


@contextmanager
def loop(console: Console) -> Iterator[tuple[Services, Loop]]:
    """The story of `make run`, played; its services stay up within the block."""
    timeline = Timeline(console)
    world = world_of(None, SEED, STORY, timeline)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), configuration(world.play)) as services:
        played = Loop(services, world, timeline)
        played.play()
        write(played, Path(folder))
        yield services, played


def terminal(console: Console, title: str) -> str:
    """What a console was told, as SVG; what is longer than a line ends in an ellipsis."""
    shown = recorder(console.width)
    for line in Text.from_ansi(console.export_text(styles=True)).split(allow_blank=True):
        line.truncate(console.width, overflow="ellipsis")
        shown.print(line)
    return _FONT.sub("", shown.export_svg(title=title, unique_id=title.replace(" ", "-")))


def check_picture(services: Services, model: str) -> str:
    """`driftloop check --where` of the first file of another population."""
    days = sorted(blob.name for blob in services.container("incoming").list_blobs(name_starts_with=f"{model}/records/"))
    with tempfile.TemporaryDirectory() as folder:
        sides = [("training-data", f"{model}/historic.parquet"), ("incoming", days[-1])]
        paths = [copied(services, *side, Path(folder)) for side in sides]
        result = driftloop.check(*paths)
    console = recorder(CHECK_WIDTH)
    command = "$ driftloop check --reference trained_on.parquet --current this_week.parquet --where"
    assert result.baseline is not None
    where = subgroup_lines(result.where(), result.baseline.schema, width=CHECK_WIDTH, language="en")
    for part in (command, table(result, width=CHECK_WIDTH, language="en"), where):
        console.print(Text.from_ansi(part))
    return terminal(console, "driftloop check")


def copied(services: Services, container: str, name: str, folder: Path) -> Path:
    """A file of the loop's storage account, in a folder."""
    path = folder / Path(name).name
    path.write_bytes(services.container(container).download_blob(name).readall())
    return path


def drift_report(services: Services, played: Loop, folder: Path) -> str:
    """The address of the stored report of the newest check that found a drift."""
    checks = played.ledger.checks(played.world.model)
    path = next(check.report for check in checks if check.verdict == "drift" and check.report)
    container, _, name = path.partition("/")
    return copied(services, container, name, folder).as_uri()


def picture(browser: Browser, address: str, size: tuple[int, int], scheme: str = "light") -> bytes:
    """The top of a page, as a window of this size shows it."""
    width, height = size
    browser.open(address, width=width, scheme=scheme)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        browser.screenshot(path, height)
        return path.read_bytes()


def save(path: Path, content: bytes) -> None:
    """Write a picture. Raises SystemExit for one that is too large to be carried along."""
    if len(content) > MOST_BYTES:
        raise SystemExit(f"{path}: {len(content):,} bytes: at most {MOST_BYTES:,}")
    path.write_bytes(content)
    print(f"{path}  {len(content):,} bytes")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
