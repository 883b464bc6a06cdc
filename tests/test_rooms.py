"""The rooms of each package: which floor each lies on, and that imports only go down.

A room is a folder or a module directly below a package. A stranger reads the floors in docs/architecture.md; this test
holds the page and the code to the same picture.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# The top floor first. Rooms of one floor do not import each other.
FLOORS: dict[str, tuple[tuple[str, ...], ...]] = {
    "driftloop": (
        ("__main__",),
        ("cli",),
        ("__init__", "replay"),
        ("check_sources", "monitor"),
        ("check_series",),
        ("check_sides", "checkup", "sides"),
        ("dashboard", "json_schemas", "verdict"),
        ("report",),
        ("column_results", "impact", "parts", "power", "segments", "subgroups"),
        ("common_cause", "coverage", "data_quality", "sequential", "setup", "two_sample", "window_size"),
        ("config", "ledger", "profile"),
        ("data", "events"),
        ("by_content", "files", "times", "validation", "wording"),
        ("errors", "stats"),
    ),
    "function_app": (
        ("__init__",),
        ("doctor", "event_grid", "practitioners"),
        ("http",),
        ("dashboard", "queue"),
        ("runtime",),
        ("checks",),
        ("common_cause", "labels"),
        ("alerts", "incoming", "retraining"),
        ("dispatch", "scoring", "storage", "telemetry"),
    ),
    "training": (
        ("evaluate", "profile_spark", "register", "train"),
        ("doctor", "gate", "model_card"),
        ("metrics", "pipeline", "prepare", "serving"),
        ("learning", "model_file", "snapshot"),
        ("models", "population", "tasks"),
        ("data",),
        ("__init__", "cloud", "features", "settings", "step"),
    ),
}
MOST_MODULES = 15
"""In one folder: what fits into one look."""


def room_of(path: Path, package: Path) -> str:
    return path.relative_to(package).parts[0].removesuffix(".py")


def imports(path: Path, package: str) -> set[str]:
    """The rooms of its own package that a file imports, wherever in the file, for type checks alone included."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            parts = node.module.split(".")
            if parts[0] == package:
                names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
                inside = [
                    name
                    for name in names
                    if (ROOT / package / name).is_dir() or (ROOT / package / f"{name}.py").exists()
                ]
                rooms |= set(inside) or {"__init__"}
    return rooms


@pytest.mark.parametrize("package", FLOORS)
def test_every_room_has_its_floor(package: str) -> None:
    files = (ROOT / package).rglob("*.py")
    rooms = {room_of(path, ROOT / package) for path in files if "__pycache__" not in path.parts}
    assert sorted(rooms) == sorted(room for floor in FLOORS[package] for room in floor)


@pytest.mark.parametrize("package", FLOORS)
def test_imports_go_down(package: str) -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS[package]) for room in rooms}
    upward = [
        f"{path.relative_to(ROOT)} imports {other}"
        for path in (ROOT / package).rglob("*.py")
        for other in imports(path, package)
        if other != (room := room_of(path, ROOT / package)) and floor[other] <= floor[room]
    ]
    assert upward == []


@pytest.mark.parametrize("package", FLOORS)
def test_modules_of_a_package_import_in_no_circle(package: str) -> None:
    """Also within a room, and also where an import waits for its call."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / package).rglob("*.py")
    }
    wanted = {name: imported_modules(path, set(modules)) - {name, package} for name, path in modules.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way[way.index(name) :], name))
        if name not in done:
            for other in sorted(wanted[name]):
                visit(other, (*way, name))
            done.add(name)

    for name in sorted(modules):
        visit(name, ())


def imported_modules(path: Path, known: set[str]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found & known


@pytest.mark.parametrize("package", FLOORS)
def test_the_architecture_page_names_every_room(package: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {room for floor in FLOORS[package] for room in floor} - {"__init__", "__main__"}
    assert [room for room in sorted(rooms) if f"`{room}" not in page and f"{room}/" not in page] == []


def test_no_folder_holds_more_modules_than_one_looks_through() -> None:
    files = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders: dict[str, int] = {}
    for name in files.splitlines():
        if name.split("/")[0] in ("driftloop", "function_app", "training", "workflows", "infra") and not name.endswith(
            "__init__.py"
        ):
            folder = str(Path(name).parent)
            folders[folder] = folders.get(folder, 0) + 1
    assert {folder: count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_the_engine_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "driftloop", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("driftloop")
