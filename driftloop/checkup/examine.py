"""A check-up of a set-up: every check that there is, each finding once, the worst first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from driftloop.checkup.checks import Check, ModelCheck, Needs, SetUpCheck
from driftloop.checkup.context import OneModel, SetUp
from driftloop.checkup.findings import Finding, error, ordered, warning
from driftloop.checkup.folders import opened, unwatched_folders
from driftloop.checkup.parts import checks_of
from driftloop.checkup.role_checks import id_is_usable, roles_are_there, target_is_usable, time_is_usable
from driftloop.checkup.table_checks import table_fits_schema
from driftloop.checkup.window_checks import window_finds_enough
from driftloop.config.document import read_document
from driftloop.config.models import Model, parse
from driftloop.errors import ConfigError, DriftloopError

OWN: tuple[Check, ...] = (
    SetUpCheck(unwatched_folders),
    ModelCheck(roles_are_there),
    ModelCheck(table_fits_schema),
    ModelCheck(target_is_usable),
    ModelCheck(id_is_usable),
    ModelCheck(time_is_usable),
    ModelCheck(window_finds_enough),
)
"""What the engine looks at by itself."""


def examine(
    config: Path,
    environ: Mapping[str, str],
    *,
    model: str | None = None,
    data: Path | None = None,
    needs: Collection[Needs] = (),
) -> list[Finding]:
    """Every finding of a set-up, the worst first.

    Parameters
    ----------
    config
        `driftloop.toml`.
    environ
        The environment's variables.
    model
        Look at this one alone.
    data
        A table to hold its schema against; without it the one that its `model.toml` names.
    needs
        What may be talked to: "github", "azure".

    Raises
    ------
    ConfigError
        For a model that is not watched, a table and several models, and where nothing looks at what is needed.
    """
    checks = (*OWN, *checks_of(config.parent))
    for service in needs:
        if all(check.needs != service for check in checks):
            raise ConfigError(
                f"--{service}: the package alone cannot ask it: run this in a clone of the repository, beside its "
                f"{config.name}, with requirements/training.txt installed"
            )
    try:
        document = read_document(config, "run it beside driftloop.toml, or name that by --config")
        parsed = parse(document, str(config), environ, sends=False)
    except DriftloopError as found:
        return [error(str(config), str(found).removeprefix(f"{config}: "), "nothing else was looked at")]
    set_up = SetUp(config, parsed, environ)
    chosen = parsed.models if model is None else (parsed.model(model),)
    if data is not None and len(chosen) > 1:
        raise ConfigError(f"--data: {config} has {len(chosen)} models: choose one by --model")
    wanted = [check for check in checks if not check.needs or check.needs in needs]
    findings = [f for check in wanted if isinstance(check, SetUpCheck) for f in _guarded(check.run(set_up), "set-up")]
    for each in chosen:
        findings += _of_model(set_up, each, data, wanted)
    return ordered(findings)


def _of_model(set_up: SetUp, model: Model, data: Path | None, checks: Iterable[Check]) -> Iterator[Finding]:
    found = opened(set_up, model, data)
    if isinstance(found, Finding):
        yield found
        return
    unread = _unread(found, given=data is not None)
    if unread is not None:
        yield unread
        found = OneModel(set_up, model, found.schema, found.schema_file, found.task)
    for check in checks:
        if isinstance(check, ModelCheck):
            yield from _guarded(check.run(found), f"model {model.name}")


def _unread(model: OneModel, *, given: bool) -> Finding | None:
    """A finding where the table cannot be read, so that no check trips over it again."""
    where = f"model {model.name}, table"
    try:
        model.counted  # noqa: B018 read once, kept for all checks
    except DriftloopError as found:
        if not given and model.data is not None and not model.data.exists():
            return warning(where, f"{model.data}, which model.toml names, is not there", "correct [laptop] data")
        return error(where, str(found), "correct the table, or declare how it is written under [reading]")
    return None


def _guarded(findings: Iterable[Finding], where: str) -> Iterator[Finding]:
    """The findings; what keeps a check from looking is one more."""
    try:
        yield from findings
    except DriftloopError as found:
        yield error(where, str(found), "nothing more was looked at here")
