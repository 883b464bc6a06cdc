"""Which models a new blob belongs to: the same as each pattern by itself says, tried against few of them."""

import re

import pytest

from driftloop.config.models import Model
from function_app.incoming import watched_paths
from function_app.incoming.sources import expression
from function_app.incoming.watched_paths import WatchedPaths

PATTERNS = {
    "own-folder": "incoming/own-folder/records/*.csv",
    "any-depth": "incoming/own-folder/**",
    "by-day": "incoming/by-day/records/{yyyy}/{MM}/{dd}/*.parquet",
    "no-wildcard": "incoming/one/file.csv",
    "everything": "incoming/**",
    "another-container": "mdc/**",
    "wildcard-first": "incoming/*/shared.csv",
}
NAMES = [
    "own-folder/records/a.csv",
    "own-folder/records/a.parquet",
    "own-folder/deeper/records/a.csv",
    "by-day/records/2026/11/27/a.parquet",
    "by-day/records/2026/11/x/a.parquet",
    "one/file.csv",
    "one/file.csv.gz",
    "one/shared.csv",
    "else/where.csv",
    "own-folder",
    "ünïcode/ä.csv",
]


@pytest.mark.parametrize("container", ["incoming", "mdc", "incomin"])
@pytest.mark.parametrize("name", NAMES)
def test_the_owners_are_those_whose_pattern_fits_in_the_configurations_order(container: str, name: str) -> None:
    models = [Model(name=each, records=pattern) for each, pattern in PATTERNS.items()]
    expected = [
        model.name
        for model in models
        if model.records.split("/", 1)[0] == container and expression(model.records.split("/", 1)[1]).fullmatch(name)
    ]
    assert [model.name for model in WatchedPaths(models).owners(container, name)] == expected


def test_a_blob_is_compared_with_its_own_folders_patterns_however_many_models_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = WatchedPaths(
        Model(name=f"m{number}", records=f"incoming/m{number}/records/*.csv") for number in range(2_000)
    )
    tried: list[str] = []

    def counted(path: str) -> re.Pattern[str]:
        tried.append(path)
        return expression(path)

    monkeypatch.setattr(watched_paths, "expression", counted)
    assert [model.name for model in paths.owners("incoming", "m1999/records/day.csv")] == ["m1999"]
    assert tried == ["m1999/records/*.csv"]
    assert paths.owners("incoming", "m2000/records/day.csv") == []
    assert len(tried) == 1
