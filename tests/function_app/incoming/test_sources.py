"""Which files are there: patterns, and what the service says of each file."""

from datetime import UTC, datetime, timedelta

import pytest

from function_app.incoming.sources import expression, list_files, prefixes
from function_app.storage.accounts import Storage

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("m/records/**", ["m/records/a.csv", "m/records/x/y.parquet"], ["m/labels/a.csv", "xm/records/a.csv"]),
        ("m/*.csv", ["m/a.csv"], ["m/x/a.csv", "m/a.csv.gz"]),
        ("m/**/part-*.parquet", ["m/part-1.parquet", "m/a/b/part-2.parquet"], ["m/a/other.parquet"]),
        (
            "e/{yyyy}/{MM}/{dd}/{HH}/*.jsonl",
            ["e/2026/11/23/06/i.jsonl"],
            ["e/2026/11/23/i.jsonl", "e/26/11/23/06/i.jsonl"],
        ),
        ("m/a+b(1).csv", ["m/a+b(1).csv"], ["m/aab(1).csv"]),
    ],
)
def test_patterns_match_as_people_read_them(pattern: str, matching: list[str], other: list[str]) -> None:
    wanted = expression(pattern)

    assert all(wanted.fullmatch(name) for name in matching)
    assert not any(wanted.fullmatch(name) for name in other)


def test_with_dates_in_a_pattern_only_the_days_since_the_watermark_are_listed() -> None:
    found = prefixes("e/{yyyy}/{MM}/{dd}/{HH}/*.jsonl", NOW, NOW + timedelta(days=1))

    assert found[0] == "e/2026/11/15/", "late files of the last eight days are still found"
    assert found[-1] == "e/2026/11/25/", "clocks may differ"
    assert prefixes("e/{yyyy}/{MM}/{dd}/*.jsonl", None, NOW) == ["e/"], "the first check looks at everything"
    assert prefixes("m/records/**", NOW, NOW) == ["m/records/"]
    assert prefixes("m/*/{yyyy}/{MM}/{dd}/x", NOW, NOW) == ["m/"]


def test_listing_leaves_out_empty_files_and_knows_append_blobs(storage: Storage, model_name: str) -> None:
    container = storage.container("incoming")
    container.upload_blob(f"{model_name}/records/empty.csv", b"")
    container.upload_blob(f"{model_name}/records/full.csv", b"a")
    container.upload_blob(f"{model_name}/records/log.jsonl", b"b", blob_type="AppendBlob")

    found = {
        file.name.rsplit("/")[-1]: file.appendable for file in list_files(storage, f"incoming/{model_name}/records/**")
    }

    assert found == {"full.csv": False, "log.jsonl": True}
