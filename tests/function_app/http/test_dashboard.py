"""The dashboard over HTTP, on the account that checks have written: pages, metrics, stored reports, set-aside files."""

import re
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import msgspec
import pytest
from azure.core.exceptions import HttpResponseError

from driftloop.config.models import Config
from driftloop.dashboard.pages import answer
from driftloop.errors import LedgerError
from driftloop.ledger.model_state import FileNote
from driftloop.times import utc_now
from function_app.dashboard import AccountSource
from function_app.http import api
from function_app.http.dashboard import dashboard
from function_app.http.sign_in import DASHBOARD
from function_app.incoming.quarantine import Quarantine
from function_app.incoming.sources import list_files
from sandbox.functions_host import FunctionsHost
from sandbox.waiting import HANG_SECONDS
from tests.chromium import needs_chromium, running_browser
from tests.function_app.conftest import Clinic

ROOT = Path(__file__).resolve().parents[3]


def source_of(clinic: Clinic, *others: Any) -> AccountSource:
    return AccountSource(Config((clinic.model, *others)), None, clinic.storage, clinic.ledger)


def body_of(source: AccountSource, **parameters: str) -> str:
    found = answer(source, parameters, None, utc_now())
    assert found.status == 200
    return found.body.decode()


def set_aside(clinic: Clinic, name: str, reason: str) -> None:
    clinic.land(b"x", name)
    (file,) = [each for each in list_files(clinic.storage, clinic.model.records) if each.name.endswith(name)]
    Quarantine(clinic.storage).carry_out([FileNote(file.path, file.etag, reason)], clinic.now, "chk-1")


def test_a_check_is_shown_with_its_report_as_it_was_stored(clinic: Clinic) -> None:
    clinic.deploy()
    clinic.land(clinic.rows(300, shift=1.0))
    check = clinic.check()
    source = source_of(clinic)

    body = body_of(source, model=clinic.name)
    assert check.drift_id is not None
    assert f'id="{check.drift_id}"' in body
    assert "bmi" in body
    (link,) = [unescape(found) for found in re.findall(r'href="(\?[^"]*report=[^"]*)"', body)][:1]
    assert link == f"?model={clinic.name}&report={check.check_id}"
    stored = answer(source, {"model": clinic.name, "report": check.check_id}, None, utc_now())
    page = clinic.storage.container("reports").download_blob(f"{clinic.name}/{check.check_id}.html").readall()
    assert stored.body == page


def test_files_that_are_set_aside_are_named_with_their_reason_until_their_note_is_deleted(clinic: Clinic) -> None:
    set_aside(clinic, "ward 7's.csv", "bmi: blank: no value at all")
    source = source_of(clinic)

    for parameters in ({}, {"model": clinic.name}):
        said = unescape(body_of(source, **parameters))
        assert f"incoming/{clinic.name}/records/ward 7's.csv" in said
        assert "bmi: blank: no value at all" in said
        assert (
            f"--account-name devstoreaccount1 -c quarantine '--name={clinic.name}/records/ward 7'\"'\"'s.csv.json'"
            in said
        )

    note = f"{clinic.name}/records/ward 7's.csv.json"
    clinic.storage.container("quarantine").delete_blob(note)
    assert "ward 7" not in body_of(source, model=clinic.name)


def test_a_models_page_lists_its_own_files_alone(clinic: Clinic) -> None:
    other = msgspec.structs.replace(clinic.model, name="other", records="incoming/other/**", labels="incoming/no/**")
    set_aside(clinic, "mine.csv", "why")
    source = source_of(clinic, other)

    assert source.set_aside([other], 20).files == ()
    (file,) = source.set_aside([clinic.model], 20).files
    assert (file.model, file.reason, file.check_id) == (clinic.name, "why", "chk-1")
    assert {found.model for found in source.set_aside([other, clinic.model], 200).files} >= {clinic.name}


def test_no_more_notes_are_read_than_are_shown(clinic: Clinic) -> None:
    container = clinic.storage.container("quarantine")
    for number in range(4):
        container.upload_blob(f"{clinic.name}/records/{number}.csv.json", b"{}")
    container.upload_blob(f"{clinic.name}/records/odd.csv.json", b"\xff not JSON")
    source = source_of(clinic)

    assert len(source.set_aside([clinic.model], 3).files) == 3
    assert source.set_aside([clinic.model], 3).more
    every = source.set_aside([clinic.model], 20)
    assert not every.more
    assert every.files[-1].file == f"{clinic.name}/records/odd.csv", "a note that cannot be read still names its file"


def test_storage_that_refuses_is_a_page_that_says_what_is_missing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any, **__: Any) -> Any:
        error = HttpResponseError("<script>")
        error.error_code = "AuthorizationPermissionMismatch"
        raise error

    source = source_of(clinic)
    monkeypatch.setattr(type(clinic.storage.container("x")), "list_blob_names", refuses)
    with pytest.raises(LedgerError, match="Storage Blob Data Reader"):
        source.set_aside([clinic.model], 3)
    found = answer(source, {}, None, utc_now())
    assert found.status == 503
    assert b"AuthorizationPermissionMismatch" in found.body


@pytest.mark.parametrize(
    ("headers", "enabled", "status"),
    [
        ({"x-ms-client-principal-id": "somebody"}, "True", 200),
        ({}, "True", 302),
        ({"x-ms-client-principal-id": "whoever says so"}, None, 403),
        ({}, None, 403),
    ],
)
def test_with_entra_only_who_has_signed_in_sees_the_page(
    clinic: Clinic, headers: dict[str, str], enabled: str | None, status: int
) -> None:
    environ = {DASHBOARD: "entra", **({"WEBSITE_AUTH_ENABLED": enabled} if enabled else {})}
    runtime = SimpleNamespace(
        environ=environ, config=Config((clinic.model,)), schedule=None, storage=clinic.storage, ledger=clinic.ledger
    )
    url = f"https://app.example/api/dashboard?model={clinic.name}"
    request = func.HttpRequest("GET", url, headers=headers, params={"model": clinic.name}, body=b"")
    found = api.answer(dashboard, lambda: runtime, request)  # type: ignore[arg-type,return-value]

    assert found.status_code == status
    assert (clinic.name in found.get_body().decode()) is (status == 200)
    if status == 302:
        assert found.headers["Location"].endswith(f"redirect_uri=%2Fapi%2Fdashboard%3Fmodel%3D{clinic.name}")


@pytest.fixture(scope="module")
def host(
    storage: Any, identity_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FunctionsHost]:
    folder = tmp_path_factory.mktemp("functions")
    (folder / "driftloop.toml").write_text('[[model]]\nname = "shown"\n[model.dispatch]\ntarget = "dry-run"\n')
    settings = {"DRIFT_CHECK_SCHEDULE": "0 0 6 * * *", "DRIFTLOOP_CONFIG": str(folder / "driftloop.toml")}
    with FunctionsHost(ROOT, {**identity_environment, **settings}, folder, retry_seconds=0) as running:
        yield running


def test_the_running_app_serves_pages_and_metrics_to_whoever_has_a_key(host: FunctionsHost) -> None:
    page = host.http("GET", "/api/dashboard")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "not checked yet" in page.text
    assert host.http("GET", "/api/dashboard?model=nobody").status_code == 404
    metrics = host.http("GET", "/api/metrics")
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'driftloop_model_status{model="shown",status="new"} 1.0' in metrics.text
    for path in ("/api/dashboard", "/api/metrics"):
        assert host.http("GET", path, key="wrong").status_code == 401


@needs_chromium
def test_a_browser_with_the_key_in_its_address_follows_the_links(host: FunctionsHost) -> None:
    from sandbox.__main__ import dashboard_url

    with running_browser() as browser:
        browser.open(dashboard_url(host))
        assert browser.complaints() == []
        browser.open(browser.run("return document.querySelector('.fleet .name').href"))
        assert browser.run("return document.querySelector('.over bdi').textContent") == "shown"
        assert browser.complaints() == []
        browser.open(browser.run("return document.querySelector('.languages a').href"))
        assert browser.run("return document.documentElement.lang") == "ja"
        assert browser.run("return document.querySelector('.over bdi').textContent") == "shown"


def test_the_command_shows_the_account_that_the_environment_names(
    clinic: Clinic, identity_environment: dict[str, str], tmp_path: Path
) -> None:
    """`driftloop dashboard` as a person runs it: in the repository, signed in as themselves."""
    import subprocess
    import sys

    import requests

    toml = ROOT / f"dashboard-{clinic.name}.toml"
    toml.write_text(
        f'[[model]]\nname = "{clinic.name}"\n[model.dispatch]\ntarget = "github"\nrepository = "${{NOT_SET_HERE}}"\n'
    )
    command = [sys.executable, "-m", "driftloop", "dashboard", "--config", str(toml), "--port", "0"]
    try:
        clinic.deploy()
        clinic.land(clinic.rows(300))
        clinic.check()
        with subprocess.Popen(
            command, cwd=ROOT, env=identity_environment, stdout=subprocess.PIPE, text=True
        ) as running:
            killer = threading.Timer(HANG_SECONDS, running.kill)
            killer.start()
            try:
                assert running.stdout is not None
                said = running.stdout.readline()
                assert "shows 1 model until Ctrl-C" in said
                page = requests.get(said.split()[0] + f"?model={clinic.name}", timeout=HANG_SECONDS)
                assert page.status_code == 200
                assert "300 records" in page.text
            finally:
                killer.cancel()
                running.terminate()
    finally:
        toml.unlink()
