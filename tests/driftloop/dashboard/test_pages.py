"""What each page says, where it leads, and what it never does: write, leak markup, or lead where nobody wants to go."""

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driftloop.common_cause.causes import hold_note
from driftloop.dashboard.metrics import metrics_answer
from driftloop.dashboard.pages import Page, answer
from driftloop.errors import InputError, LedgerError
from driftloop.ledger.drifts import add_note
from tests.driftloop.dashboard.scene import (
    EVIL,
    NOW,
    RUN,
    STORED,
    FileSource,
    a_drift,
    hostile,
    quiet,
    stored,
    waiting,
    whole,
)

LINK = re.compile(r'href="([^"]*)"')


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> FileSource:
    return whole(tmp_path_factory.mktemp("whole"))


def page(source: Any, language: str | None = None, **parameters: str) -> Page:
    return answer(source, parameters, language, NOW)


def text_of(source: Any, language: str | None = None, **parameters: str) -> str:
    """A page's text without markup, one space between words."""
    body = page(source, language, **parameters).body.decode()
    body = re.sub(r"(?s)<(style|script|title)[ >].*?</\1>", " ", body)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_models_that_need_somebody_come_first_with_what_is_wrong(source: FileSource) -> None:
    said = text_of(source)
    names = ["no-show", "bed-demand", "sepsis-early-warning", "triage-priority", "icu-mortality", "readmission-30d",
             "medication-dose", "diabetes-progression", "length-of-stay"]  # fmt: skip
    listed = said[said.rindex("Last check") :]

    assert sorted(names, key=listed.index) == names
    assert "6 models need attention." in said
    assert "A check was due at 2026-11-26 06:00 UTC, and none has ended since." in said
    assert "Storage Table Data Contributor" in said
    assert "the run failed; 3 of 3 tries are used up" in said


def test_a_quiet_fleet_says_so(tmp_path: Path) -> None:
    from tests.driftloop.sqlite_ledger import SqliteLedger

    calm = FileSource(SqliteLedger(tmp_path / "calm.db"))
    calm.add("length-of-stay", **quiet())
    said = text_of(calm)

    assert "All models are well." in said
    assert "What to do now" not in said


def many_at_once(folder: Path) -> FileSource:
    """Three models that one common cause holds, and one that waits for labels."""
    from tests.driftloop.sqlite_ledger import SqliteLedger

    source = FileSource(SqliteLedger(folder / "many.db"))
    for number in range(3):
        source.add(f"m{number}", **quiet(last_verdict="drift"))
        drift = add_note(a_drift(f"m{number}", number), NOW, hold_note("cause-0123456789ab"))
        stored(source, drift, drift_id=drift.drift_id)
    source.add("alone", **quiet(last_verdict="drift"))
    drift = waiting("alone", epoch=3)
    stored(source, drift, drift_id=drift.drift_id)
    return source


def test_a_common_cause_is_one_thing_to_do_however_many_models_wait_for_it(tmp_path: Path) -> None:
    source = many_at_once(tmp_path)
    said = text_of(source)

    assert said.count("cause-0123456789ab holds the retrains of 3 models.") == 1
    assert "POST /api/common-causes/ID/release" in said
    assert "cause-0123456789ab holds the retrains of 1 model." in text_of(source, model="m1")
    assert "cause-0123456789ab" not in text_of(source, model="alone")
    body = metrics_answer(source, None, NOW).body
    assert b"\ndriftloop_common_cause_waiting_models 3.0\n" in body


def test_filters_and_search_narrow_the_list_and_keep_their_counts(source: FileSource) -> None:
    stable = text_of(source, status="stable")
    listed = stable[stable.rindex("Last check") :]
    assert "length-of-stay" in listed
    assert "no-show" not in listed
    found = text_of(source, q="ICU")
    assert "icu-mortality" in found[found.rindex("Last check") :]
    assert "All 1 " in found
    assert "No model fits." in text_of(source, q="no such name")


def test_a_thousand_models_are_shown_page_by_page(tmp_path: Path) -> None:
    from driftloop.config.models import Model
    from tests.driftloop.sqlite_ledger import SqliteLedger

    many = FileSource(SqliteLedger(tmp_path / "many.db"), [Model(name=f"model-{number:04}") for number in range(1000)])
    first, last = page(many).body.decode(), page(many, page="20").body.decode()

    assert first.count('class="who"') == last.count('class="who"') == 50
    assert "model-0000" in first
    assert "model-0999" in last
    assert page(many, page="9999").body == page(many, page="20").body
    assert page(many, page="-1").body == page(many, page="x").body == first.encode()


def test_a_drift_is_followed_to_its_run_job_model_and_deployment(source: FileSource) -> None:
    body = page(source, model="diabetes-progression").body.decode()
    said = text_of(source, model="diabetes-progression")

    assert f'href="{RUN}"' in body
    workspace = "wsid=%2Fsubscriptions%2Fs%2FresourceGroups%2Fg%2Fworkspaces%2Fmlw-proseware"
    assert f'href="https://ml.azure.com/runs/drift-diabet000000?{workspace}"' in body
    assert f'href="https://ml.azure.com/model/diabetes-progression:4/details?{workspace}"' in body
    assert "RMSE 54.3 against 61.1, 180 records, p = 0.003" in said
    assert "green done 100 % of the traffic since 2026-11-19 07:52" in said


def test_the_timeline_places_what_happened_among_the_checks(source: FileSource) -> None:
    said = text_of(source, model="diabetes-progression")
    line = said[said.index("Timeline") :]
    story = ["Version 4 took over (green)", "Drift promoted", "Drift running", "Drift sent", "degraded", "Drift waits",
             "Files set aside: 1"]  # fmt: skip

    assert sorted(story, key=line.index) == story
    assert line.count("2026-11-19 07:52") == 1


def test_older_checks_are_one_link_away_and_nothing_is_shown_twice(source: FileSource) -> None:
    first = page(source, model="diabetes-progression").body.decode()
    older = dict(part.split("=") for part in unescape(re.search(r'href="\?([^"]*)" rel="next"', first)[1]).split("&"))
    second = page(source, **older).body.decode()
    checks = re.compile(r'datetime="([^"]+)">2026-1[01]-\d\d 06:12</time></div>\n<div class="what"><span class="chip')

    assert len(checks.findall(first)) == 30
    assert checks.findall(second) == ["2026-10-27T06:12:00+00:00"]
    assert "Drift promoted" not in second
    assert 'rel="next"' not in second


def test_checks_of_one_verdict_are_shown_alone(source: FileSource) -> None:
    said = text_of(source, model="diabetes-progression", verdict="incident")
    line = said[said.index("Timeline") :]

    assert line.count("bp: blank") == 1
    assert "no change beyond chance" not in line
    assert "Drift promoted" not in line


def test_the_feed_shows_checks_of_all_models(source: FileSource) -> None:
    said = text_of(source, view="checks", verdict="drift")
    assert said.count("bmi: mean +3.65 kg/m2") == 3
    assert "diabetes-progression" in said


def test_a_stored_report_is_shown_as_it_is_and_may_run_nothing(source: FileSource) -> None:
    (check_id,) = {name[1] for name in source.reports if name[1].endswith("21")}
    found = page(source, model="diabetes-progression", report=check_id)

    assert (found.status, found.body) == (200, STORED)
    policy = found.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert page(source, model="length-of-stay", report=check_id).status == 404
    for wrong in ("chk-unknown", "../x", "", "a" * 500):
        assert page(source, model="diabetes-progression", report=wrong).status == 404


def test_the_command_that_releases_a_file_is_safe_to_paste(source: FileSource) -> None:
    import shlex

    body = page(source, model="diabetes-progression").body.decode()
    (command,) = [unescape(text) for text in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", body, re.DOTALL)]

    assert shlex.split(command) == [
        "az", "storage", "blob", "delete", "--auth-mode", "login", "--account-name", "stproseware", "-c", "quarantine",
        "--name=diabetes-progression/records/ward 7's list.csv.json",
    ]  # fmt: skip


def test_links_carry_a_key_and_a_language_along(source: FileSource) -> None:
    body = page(source, code="s3cret/+=", lang="ja").body.decode()
    links = [unescape(link) for link in LINK.findall(body) if link.startswith("?")]

    assert len(links) > 15
    assert [link for link in links if "code=s3cret%2F%2B%3D" not in link or "lang=" not in link] == []
    assert 'name="code" value="s3cret/+="' in body
    assert page(source, code="s3cret").headers["Referrer-Policy"] == "no-referrer"
    outside = page(source, model="diabetes-progression", code="s3cret").body.decode()
    assert not [link for link in LINK.findall(outside) if link.startswith("http") and "s3cret" in link]


@pytest.mark.parametrize(
    ("header", "language"), [("ja,en;q=0.8", "ja"), ("de", "en"), (None, "en"), ("x" * 9999, "en")]
)
def test_the_language_is_the_browsers(source: FileSource, header: str | None, language: str) -> None:
    for parameters in ({}, {"model": "diabetes-progression"}, {"view": "checks"}):
        assert f'<html lang="{language}">' in page(source, header, **parameters).body.decode()


def test_a_japanese_page_says_its_own_words_in_japanese(source: FileSource) -> None:
    body = page(source, "ja", model="diabetes-progression").body.decode()
    english = set(re.findall(r'<span lang="en" dir="auto">(.*?)</span>', body))
    assert english == set()
    assert "いま必要な対応" in body


@pytest.mark.parametrize(
    "parameters", [{}, {"model": "diabetes-progression"}, {"view": "checks"}, {"model": "nobody's"}]
)
def test_a_page_may_run_its_own_script_and_ask_for_nothing(source: FileSource, parameters: dict[str, str]) -> None:
    found = page(source, **parameters)
    policy = found.headers["Content-Security-Policy"]
    body = found.body.decode()

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert re.findall(r'\s(?:src|style|on\w+)="', body) == []
    assert set(re.findall(r'<link[^>]+href="([^"]*)"', body)) == {"data:,"}


def test_the_hashes_are_those_of_what_the_page_holds(source: FileSource) -> None:
    from base64 import b64encode
    from hashlib import sha256

    found = page(source)
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        inside = re.search(f"(?s)<{tag}>(.*?)</{tag}>", found.body.decode())[1]
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in found.headers["Content-Security-Policy"]


class Elements(HTMLParser):
    """Elements and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]


def test_hostile_names_notes_and_addresses_stay_text(tmp_path: Path) -> None:
    source = hostile(tmp_path)
    pages = [{}, {"view": "checks"}, {"q": EVIL}, {"lang": EVIL, "code": EVIL, "status": EVIL, "before": EVIL}]
    pages += [{"model": model.name, "lang": language} for model in source.models for language in ("en", "ja")]
    for parameters in pages:
        found = page(source, **parameters)
        body = found.body.decode()
        elements = Elements()
        elements.feed(body)
        assert found.status == 200
        assert body.count("<script>") == 1
        assert {"img", "iframe", "object"} & elements.seen == set()
        assert elements.handlers == []
        known = ("?", "#", "https://ml.azure.com/", "data:,")
        assert [link for link in elements.links if not link.startswith(known)] == []
        assert "\u202e" not in body


def test_a_file_name_that_cannot_be_typed_gets_no_command(tmp_path: Path) -> None:
    source = hostile(tmp_path)
    body = page(source, model=EVIL).body.decode()
    assert "<pre" not in body
    assert "characters that cannot be typed" in body


def test_every_link_to_a_model_leads_to_it(tmp_path: Path) -> None:
    source = hostile(tmp_path)
    from urllib.parse import parse_qs

    links = [unescape(link) for link in LINK.findall(page(source).body.decode()) if link.startswith("?model=")]
    names = {parse_qs(link[1:])["model"][0] for link in links}
    assert names == {model.name for model in source.models}


def test_what_is_not_there_is_a_page_with_404(source: FileSource) -> None:
    found = page(source, model="nobody")
    assert found.status == 404
    assert "No model of this name is watched." in found.body.decode()


def test_a_ledger_that_does_not_answer_is_a_page_with_503(source: FileSource) -> None:
    class Silent:
        def __getattr__(self, name: str) -> Any:
            raise LedgerError("table storage refused <b>")

    broken = FileSource(Silent(), source.models)  # type: ignore[arg-type]
    for parameters in ({}, {"model": "no-show"}, {"view": "checks"}):
        found = page(broken, **parameters)
        assert found.status == 503
        assert "table storage refused &lt;b&gt;" in found.body.decode()


def test_a_damaged_pointer_does_not_hide_the_model(source: FileSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_: str) -> None:
        raise InputError("baselines/diabetes-progression/in-service.json: it is damaged; write it again")

    monkeypatch.setattr(source, "in_service", damaged)
    said = text_of(source, model="diabetes-progression")
    assert "in-service.json: it is damaged; write it again" in said
    assert "Drift promoted" in said


def test_looking_writes_nothing(tmp_path: Path) -> None:
    source = whole(tmp_path)
    source.add("never-looked-at")
    before = {state.model: state.etag for state in source.ledger.states()}
    for parameters in ({}, {"model": "never-looked-at"}, {"model": "diabetes-progression"}, {"view": "checks"}):
        assert answer(source, parameters, None, NOW + timedelta(days=1)).status == 200
    assert {state.model: state.etag for state in source.ledger.states()} == before


def test_a_failed_drift_is_forgotten_once_another_version_serves_or_a_new_drift_came() -> None:
    from driftloop.dashboard.fleet import still_matters
    from driftloop.ledger.drifts import DriftState
    from driftloop.ledger.overview import Overview
    from tests.driftloop.dashboard.scene import a_drift

    failed = msgspec.structs.replace(a_drift("m"), state=DriftState.FAILED)
    after = Overview(model="m", epoch=1, version="3")
    assert still_matters(failed, after)
    assert not still_matters(failed, msgspec.structs.replace(after, version="4"))
    assert not still_matters(failed, msgspec.structs.replace(after, drift_id="drift-2"))
    assert not still_matters(failed, msgspec.structs.replace(after, epoch=2))
