"""From what was asked for, or from the paths that changed, to the names of the models to train."""

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
FOLDER, CONFIG = "models", "driftloop.toml"
SCHEMA, SETTINGS = "schema.toml", "model.toml"
# What every model is made with: its steps, the engine that they import, the packages that they run on.
SHARED = ("training/", "driftloop/", "requirements/training.txt")


class ChoiceError(Exception):
    """No model can be chosen; the message is one line that says what to do."""


def choose(
    names: Sequence[str], *, asked: str = "", changed: Iterable[str] | None = (), pushed: bool = False
) -> list[str]:
    """The models that a run trains.

    Parameters
    ----------
    names : sequence of str
        The models that have a folder in `models/`.
    asked : str
        The model that a dispatch names; empty: none. A push names none.
    changed : iterable of str or None
        Of a push: the paths that changed, relative to the repository; None where nobody can tell.
    pushed : bool
        Whether a push started the run.

    Returns
    -------
    list of str
        Of a push: the models whose folder changed; all of them when what they share changed, or nobody can tell. A
        Markdown file changes no model, and a folder that is gone leaves none to train. Otherwise the one that was
        asked for, or the only one that there is.

    Raises
    ------
    ChoiceError
        Where the name is unknown, or missing beside several models.

    Examples
    --------
    >>> choose(["boats", "price"], changed=["models/boats/model.toml", "docs/page.md"], pushed=True)
    ['boats']
    >>> choose(["boats", "price"], changed=["training/train.py"], pushed=True)
    ['boats', 'price']
    """
    if not names:
        raise ChoiceError(f"{FOLDER}/ holds no model: docs/your-own-model.md says what to write")
    if not pushed:
        return [_named(names, asked)]
    if changed is None:
        return list(names)
    code = [path for path in changed if not path.endswith(".md")]
    if any(path.startswith(SHARED) for path in code):
        return list(names)
    folders = {path.split("/")[1] for path in code if path.startswith(f"{FOLDER}/") and path.count("/") > 1}
    return [name for name in names if name in folders]


def _named(names: Sequence[str], asked: str) -> str:
    if asked in names:
        return asked
    if asked:
        # a text that is no name is not repeated in a log
        shown = repr(asked) if NAME.fullmatch(asked) else "the name that was given"
        close = difflib.get_close_matches(asked, names, 1)
        hint = f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(names)}"
        raise ChoiceError(f"no model is called {shown}: {FOLDER}/ has no such folder{hint}")
    if len(names) > 1:
        raise ChoiceError(f"{FOLDER}/ holds {len(names)} models: name one of {', '.join(names)}")
    return names[0]


def folders(root: Path, asked: str = "") -> list[str]:
    """The models that have a folder below `root`, in order.

    Raises ChoiceError for half a folder and for a name that Azure Machine Learning would not take. It looks at the
    model that is asked for, or at all where none is. What is wrong with one model delays no other. And for two names
    that differ in upper and lower case alone.
    """
    found = sorted(path for path in (root / FOLDER).glob("*") if path.is_dir() and not path.name.startswith("."))
    names: list[str] = []
    for path in found:
        there = [name for name in (SCHEMA, SETTINGS) if (path / name).is_file()]
        problem = _problem(path.name, there) if there else None
        if problem and asked in ("", path.name):
            raise ChoiceError(problem)
        names += [path.name] if there and not problem else []
    _refuse_twins(names, f"{FOLDER}/")
    return names


def _problem(name: str, there: Sequence[str]) -> str | None:
    if len(there) == 1:
        lacking = SETTINGS if there == [SCHEMA] else SCHEMA
        return f"{FOLDER}/{name} has no {lacking}: write it (docs/your-own-model.md)"
    if not NAME.fullmatch(name):
        return f"{FOLDER}/{name}: use letters, digits, '-', '_' and '.', as Azure Machine Learning does"
    return None


def entries(root: Path) -> list[str] | None:
    """The models that `driftloop.toml` names; None where there is no such file.

    Raises ChoiceError for a file that is not TOML, for an entry without a name, and for two entries of one name.
    """
    file = root / CONFIG
    if not file.is_file():
        return None
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("model", [])
        names = [str(table["name"]) for table in tables]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ChoiceError(f"{CONFIG}: {error}") from None
    except (KeyError, TypeError):
        raise ChoiceError(f"{CONFIG}: a [[model]] has no name") from None
    _refuse_twins(names, f"{CONFIG}: ")
    return names


def _refuse_twins(names: Iterable[str], where: str) -> None:
    """Endpoints, tables and some file systems do not tell upper from lower case."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other is not name:
            both = f"two models are called {name}" if other == name else f"{other} and {name} are one name"
            raise ChoiceError(f"{where}{both}: rename one")


def unwatched(names: Iterable[str], watched: Iterable[str] | None) -> list[str]:
    """The models with a folder and without an entry in `driftloop.toml`: trained and served, and not watched.

    Raises ChoiceError for an entry without a folder: its drift could start nothing.
    """
    if watched is None:
        return []
    known, entered = list(names), list(watched)
    for name in entered:
        if name not in known:
            raise ChoiceError(
                f"{CONFIG} names {name}, which has no folder in {FOLDER}/: make one, or take the entry out"
            )
    return [name for name in known if name not in entered]


def as_json(names: Sequence[str]) -> str:
    """The list as a workflow's matrix reads it."""
    return json.dumps(list(names), separators=(",", ":"))
